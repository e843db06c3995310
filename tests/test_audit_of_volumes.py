"""The weights of a fitted solid decode to its voxels, but for those that rounding may turn."""

import numpy as np
import pytest
from pipeline import ROOT

from refield import config
from refield.fields.mlp import Mlp
from refield.fitting.fit import Fit
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.pipeline import audit
from refield.pipeline.layout import Layout
from refield.signals import Volume
from refield.tasks.occupancy import Occupancy
from refield.tasks.problem import Problem
from refield.units.encode import encode

LAYOUT, PROFILE, METHOD = Layout("mire"), "quick_occupancy", "siren"
FIELD = Mlp(gates=("dense",), width=2, activation="relu")
# y = relu(x) - relu(-x) + 1/4 + 1/1000: along x, voxels are 1/4 apart; number 3 has 1/1000, number 4 a bit over 1/4.
WEIGHTS = {
    "layers.0.weight": np.array([[[1, -1], [0, 0], [0, 0]]], np.float32),
    "layers.0.bias": np.zeros((1, 2), np.float32),
    "layers.1.weight": np.array([[[1], [-1]]], np.float32),
    "layers.1.bias": np.array([[0.251]], np.float32),
}
OCCUPIED = np.arange(9)[:, None, None] >= np.full((9, 5, 6), 3)


@pytest.mark.parametrize(
    ("turned", "said"),
    [
        ([], []),
        ([(3, 0, 0)], []),  # next to the threshold
        ([(3, y, z) for y in range(5) for z in range(6)], []),
        ([(3, 0, 0), (4, 2, 1)], ["a solid with 2 of its voxels turned, of values up to 0.25 from the threshold"]),
        ([(0, 4, 5)], ["a solid with 1 of its voxels turned, of values up to 0.75 from the threshold"]),
    ],
)
def test_a_voxel_next_to_the_threshold_may_turn(turned, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solid = Volume.of(OCCUPIED)
    file = LAYOUT.signals(PROFILE) / "half.safetensors"
    folder = LAYOUT.fits(PROFILE, METHOD) / "half"
    for place in (file.parent, folder):
        place.mkdir(parents=True)
    file.write_bytes(solid.encode())

    kept = OCCUPIED.copy()
    for place in turned:
        kept[place] ^= True
    job = Job(FIELD, Problem(np.empty((0, 3)), np.empty((0, 1)), 1), Train(iterations=1, learning_rate=1e-3), 0)
    fit = Fit(WEIGHTS, np.where(kept, 1.0, -1.0).reshape(-1, 1).astype(np.float32), [(0, 1.0)])
    for name, data in encode(job, fit, Occupancy(), solid, None).items():
        (folder / name).write_bytes(data)

    params = config.read(path=ROOT / "papers/mire/params.yaml")
    problems = list(audit.unlike(LAYOUT, params, PROFILE, METHOD, "half"))
    assert [problem.removeprefix(f"{folder}: its weights decode to ") for problem in problems] == [
        f"{each}; {audit.REMEDY}" for each in said
    ]
