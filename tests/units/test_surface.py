"""The surface of a fitted solid: closed, outward, where the field says, and refused where there is none."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from refield.cli import mesh
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fitting.fit import Fit
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.signals import Image, meshes
from refield.signals import volume as of_volumes
from refield.signals.volume import Volume
from refield.tasks.occupancy import Occupancy
from refield.tasks.problem import Problem
from refield.units.decode import Model
from refield.units.encode import encode
from refield.units.surface import surface

# y = relu(x) - relu(-x) + 1/8, of the first coordinate: a half-space.
FIELD = Mlp(gates=("dense",), width=2, activation="relu")
WEIGHTS = {
    "layers.0.weight": np.array([[[1, -1], [0, 0], [0, 0]]], np.float32),
    "layers.0.bias": np.zeros((1, 2), np.float32),
    "layers.1.weight": np.array([[[1], [-1]]], np.float32),
    "layers.1.bias": np.array([[0.125]], np.float32),
}
MODEL = Model(FIELD, WEIGHTS, Volume, 3, 1, "symmetric")
SHAPE = (9, 5, 6)  # along x voxels are 1/4 apart, and occupied from -1/8: from the middle between numbers 3 and 4


@pytest.mark.parametrize("slab", [1, 2**22])
def test_it_is_where_the_field_is_halfway(slab, monkeypatch):
    monkeypatch.setattr(of_volumes, "SLAB", slab)
    found = surface(MODEL, SHAPE)
    solid = trimesh.Trimesh(found.vertices, found.faces)
    assert found.open_edges() == 0
    assert solid.is_watertight
    assert solid.volume > 0  # its triangles look outward
    assert found.vertices[:, 0].min() == pytest.approx(3.5, abs=1e-5)
    assert (found.vertices[:, 1:].max(axis=0) < np.array(SHAPE[1:])).all()
    assert (found.vertices > -1).all()


def test_a_unit_target_is_halfway_at_a_half():
    moved = replace(MODEL, target="unit")
    assert surface(moved, SHAPE).vertices[:, 0].min() == pytest.approx(5.5, abs=1e-5)  # where y = 1/2


@pytest.mark.parametrize(
    ("bias", "kind", "said"),
    [
        (-9.0, Volume, "the field is nowhere occupied"),
        (np.nan, Volume, "values that are no numbers"),
        (0.0, Image, "is no fit of a volume"),
    ],
)
def test_without_a_surface_it_is_refused(bias, kind, said):
    weights = WEIGHTS | {"layers.1.bias": np.array([[bias]], np.float32)}
    with pytest.raises(UserError, match=said):
        surface(replace(MODEL, weights=weights, signal=kind), SHAPE)


@pytest.mark.parametrize("suffix", ["ply", "obj"])
def test_the_command_writes_it(suffix, tmp_path, capsys):
    job = Job(FIELD, Problem(np.empty((0, 3)), np.empty((0, 1)), 1), Train(iterations=1, learning_rate=1e-3), 0)
    volume = Volume.blank(SHAPE, 1)
    fit = Fit(WEIGHTS, np.zeros((9 * 5 * 6, 1), np.float32), [(0, 1.0)])
    for name, data in encode(job, fit, Occupancy(), volume, None).items():
        (tmp_path / name).write_bytes(data)
    file = tmp_path / f"solid.{suffix}"
    mesh(tmp_path, file)
    assert capsys.readouterr().out == f"{file}\n"
    found = meshes.decode(file.read_bytes(), suffix)
    assert found.open_edges() == 0
    np.testing.assert_allclose(np.sort(found.vertices[:, 0]), np.sort(surface(MODEL, SHAPE).vertices[:, 0]), atol=1e-5)
    with pytest.raises(UserError, match="is there already"):
        mesh(tmp_path, file)
    with pytest.raises(UserError, match=r"end in \.ply or \.obj"):
        mesh(tmp_path, tmp_path / "solid.stl")
