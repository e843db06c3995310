"""What is done with a volume, and how much memory that takes.

`python -m peaks SIDE STAGE...`, from tests/, tells of each stage two numbers of bytes: what a process came to hold at
most for it, and what it held at most in all. Whatever is done part by part is done in parts that are as small beside
the volume as they are beside one of 512 voxels a side.
"""

import io
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from held import tell
from scipy.io import savemat
from trimesh import creation

from refield.fields.mlp import Mlp
from refield.fitting.fit import fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.reports import solids as pictures
from refield.reports.appearance import errors_of
from refield.signals import meshes, solids, voxels
from refield.signals import volume as of_volumes
from refield.signals.meshes import Mesh
from refield.signals.volume import Volume
from refield.tasks.occupancy import Occupancy
from refield.units.decode import Model
from refield.units.encode import encode
from refield.units.surface import surface

SCALE = 512  # voxels
TASK, FIELD = Occupancy(), Mlp(gates=("dense",), width=8)


def drawn(side: int, level: float = 0.0) -> Volume:
    """One side of a gyroid's surface, layer by layer."""
    places = np.pi * np.linspace(-1, 1, side)
    y, z = places[:, None], places
    layers = [np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x) < level for x in places]
    return Volume(np.stack([np.packbits(layer, axis=1) for layer in layers]), side)


def mesh(side: int) -> None:
    """A mesh becomes a volume."""
    ball = creation.icosphere(5)
    load("ball.ply", meshes.encode(Mesh(np.array(ball.vertices), np.array(ball.faces, np.int64)), "ply"), side)


def grid(side: int) -> None:
    """A grid becomes one."""
    stream = io.BytesIO()
    savemat(stream, {"it": drawn(side).occupied().astype(np.uint8)})
    load("grid.mat", stream.getvalue(), side)


def load(name: str, data: bytes, side: int) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(data)
        del data
        assert max(solids.load(file, side).shape) >= side


def fit(side: int) -> None:
    """A few steps, the pass over all voxels, and the files."""
    volume = drawn(side)
    job = Job(FIELD, TASK.problem(volume, None), Train(iterations=3, learning_rate=1e-3, batch=5000), 0)
    (found,) = fit_together([job], "cpu")
    encode(job, found, TASK, volume, None)


def scores(side: int) -> None:
    """The overlap of all voxels, and near the surface."""
    assert 0 < TASK.score(drawn(side), drawn(side, 0.1))["iou_surface"] < 1


def surface_mesh(side: int) -> None:
    """A field becomes a mesh, as a file."""
    weights = FIELD.initialise(3, 1, np.random.default_rng(0))
    meshes.encode(surface(Model(FIELD, weights, Volume, 3, 1, "symmetric"), (side,) * 3), "ply")


def rendered(side: int) -> None:
    """A field becomes a volume."""
    weights = FIELD.initialise(3, 1, np.random.default_rng(0))
    Model(FIELD, weights, Volume, 3, 1, "symmetric").sample((side,) * 3)


def picture(side: int) -> None:
    """A solid's errors become a picture, which takes what that of the solid takes and more."""
    errors_of(drawn(side), drawn(side, 0.1))


STAGES: dict[str, Callable[[int], None]] = {
    each.__name__: each for each in (mesh, grid, fit, scores, surface_mesh, rendered, picture)
}


if __name__ == "__main__":
    side = int(sys.argv[1])
    for module, name in ((of_volumes, "SLAB"), (voxels, "SLAB"), (voxels, "AT_ONCE"), (pictures, "AT_ONCE")):
        setattr(module, name, getattr(module, name) * side**3 // SCALE**3)
    for stage in sys.argv[2:]:
        tell(stage, partial(STAGES[stage], 16), partial(STAGES[stage], side))
