"""Occupancy: what is drawn is the volume, batches descend as those of points that are held do, and IoU is of bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import RATE, a_job, assert_close, descend, mlp
from scipy.spatial.distance import cdist

from refield.errors import UserError
from refield.fields.wire import Wire
from refield.fitting.autograd import CHUNK_FLOATS, AutogradDescent
from refield.fitting.fit import fit_together
from refield.fitting.minibatches import DrawnDescent, descent, passes
from refield.scores import volumes
from refield.signals import Image
from refield.signals import volume as of_volumes
from refield.signals.volume import Volume
from refield.tasks.occupancy import Occupancy
from refield.tasks.problem import Problem

TASK = Occupancy()
NOISE = Volume.of(np.random.default_rng(0).random((5, 6, 11)) < 0.4)
GRID = np.stack(np.meshgrid(*[np.arange(side) for side in (13, 14, 9)], indexing="ij"), axis=-1)
BALL = Volume.of(np.linalg.norm(GRID - [6, 6, 4], axis=-1) < 4.2)
FIELDS = {"tiles": mlp(4.0, 2.0, regions=None), "wire": Wire(width=8, hidden_layers=1)}


def held(volume: Volume) -> Problem:
    """The same problem, as one of points that are held."""
    return Problem(volume.points(), volume.values(), 1)


def test_samples_are_the_points_and_values_of_a_volume_in_any_order():
    numbers = np.random.default_rng(1).permutation(5 * 6 * 11)
    samples = TASK.problem(NOISE, None).samples
    assert len(samples) == len(numbers)
    batch = samples.on(torch.zeros((), dtype=torch.float64))(torch.tensor(numbers))
    assert (batch.points.numpy() == NOISE.points()[numbers]).all()
    assert (batch.target.numpy() == NOISE.values()[numbers]).all()


def test_tiles_of_a_volume_have_eight_experts():
    layers = FIELDS["tiles"].layers(3, 1)
    assert [layer.experts for layer in layers] == [8, 8, 1]
    found = FIELDS["tiles"].experts(layers[1], NOISE.points(), None)
    tiles = np.floor(2.0 * NOISE.points()).astype(int) % 2
    assert (found == 4 * tiles[:, 0] + 2 * tiles[:, 1] + tiles[:, 2]).all()
    assert set(found) == set(range(8))


@pytest.mark.parametrize("target", ["symmetric", "unit"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_batch_of_all_voxels_descends_as_points_that_are_held(field, target, monkeypatch):
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 0)  # six chunks
    drawn = a_job(FIELDS[field], TASK.problem(NOISE, None), batch=1000, target=target)
    start = FIELDS[field].initialise(3, 1, np.random.default_rng(1))
    results = []
    for job in (drawn, replace(drawn, problem=held(NOISE))):
        with descent(job, start, torch.device("cpu"), torch.float64) as taking:
            losses = [(taking.step(RATE), taking.loss())[1] for _ in range(8)]
            results.append((type(taking), losses, *taking.finish(), taking.weights()))
    assert [result[0] for result in results] == [DrawnDescent, AutogradDescent]
    (_, *ours), (_, *theirs) = results
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=1e-12)
    assert ours[2] == pytest.approx(theirs[2], rel=1e-12)
    for name, array in theirs[3].items():
        np.testing.assert_allclose(ours[3][name], array, rtol=0, atol=1e-12, err_msg=name)


def test_each_voxel_is_drawn_once_in_a_pass_and_each_pass_has_its_own_order():
    numbers = passes(330, 100, seed=1)
    first, second = (np.concatenate([next(numbers).copy() for _ in range(3)]) for _ in range(2))
    for drawn in (first, second):
        assert len(set(drawn)) == 300
        assert set(drawn) < set(range(330))
    assert set(first) != set(second)
    assert (next(passes(330, 100, seed=1)) == first[:100]).all()
    assert (next(passes(330, 100, seed=2)) != first[:100]).any()


def test_a_step_of_a_batch_is_that_of_its_voxels():
    job = a_job(FIELDS["wire"], TASK.problem(NOISE, None), batch=100)
    start = job.field.initialise(3, 1, np.random.default_rng(1))
    numbers = next(passes(330, 100, job.seed)).copy()
    those = Problem(NOISE.points()[numbers], NOISE.values()[numbers], 1)
    with (
        descent(job, start, torch.device("cpu"), torch.float64) as ours,
        AutogradDescent(replace(job, problem=those), start, torch.device("cpu"), torch.float64) as theirs,
    ):
        for each in (ours, theirs):
            each.step(RATE)
        assert ours.loss() == pytest.approx(theirs.loss(), rel=1e-12)
        for name, array in theirs.weights().items():
            np.testing.assert_allclose(ours.weights()[name], array, rtol=0, atol=1e-12, err_msg=name)


def test_the_number_of_threads_does_not_change_a_bit(monkeypatch):
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 0)
    job, found = a_job(FIELDS["wire"], TASK.problem(NOISE, None), iterations=7, batch=200), []
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(fit_together([job], "cpu")[0])
    finally:
        torch.set_num_threads(before)
    assert found[0].values.tobytes() == found[1].values.tobytes()
    assert found[0].curve == found[1].curve
    assert found[0].values.dtype == np.float32


@pytest.mark.gpu
@pytest.mark.parametrize("field", FIELDS)
def test_a_gpus_steps_are_the_cpus(field):
    job = a_job(FIELDS[field], TASK.problem(NOISE, None), batch=100)
    assert_close(descend(descent, job, 20, device="cuda"), descend(descent, job, 20), 1e-8)


def test_a_small_solid_is_learned():
    field, train = (
        mlp("dense", "dense", width=32, omega_0=5.0),
        {"iterations": 150, "learning_rate": 5e-3, "batch": 500},
    )
    (fit,) = fit_together([a_job(field, TASK.problem(BALL, None), **train)], "cpu")
    scores = TASK.score(BALL, TASK.finish(fit.values, BALL))
    assert scores["iou"] > 0.9
    assert scores["iou_surface"] > 0.9


def test_scores_are_those_of_a_count():
    rng = np.random.default_rng(3)
    other = Volume.of(BALL.occupied() ^ (rng.random(BALL.shape) < 0.1))
    true, found = BALL.occupied(), other.occupied()
    scores = TASK.score(BALL, other)
    assert scores["iou"] == pytest.approx((true & found).sum() / (true | found).sum())
    apart = cdist(GRID.reshape(-1, 3), GRID.reshape(-1, 3))
    differ = true.reshape(-1)[:, None] != true.reshape(-1)
    near = np.where(differ, apart, np.inf).min(axis=1).reshape(true.shape) <= 2
    assert scores["iou_surface"] == pytest.approx((near & true & found).sum() / (near & (true | found)).sum())
    assert TASK.score(BALL, BALL) == {"iou": 1.0, "iou_surface": 1.0}


def test_slabs_change_no_score(monkeypatch):
    other = Volume.of(np.roll(BALL.occupied(), 1, axis=0))
    whole = volumes.iou_near_surface(BALL, other)
    monkeypatch.setattr(of_volumes, "SLAB", 1)
    assert volumes.iou_near_surface(BALL, other) == whole < 1


@pytest.mark.parametrize(
    ("signal", "labels", "said"),
    [
        (Image(np.zeros((12, 13, 3), np.uint8)), None, "is no volume but an image"),
        (Volume.of(np.zeros((3, 4, 5), bool)), None, "is empty; some voxels must be occupied and others not"),
        (Volume.of(np.ones((3, 4, 5), bool)), None, "is full; some voxels"),
        (BALL, np.zeros(13 * 14 * 9, np.uint8), "maps of regions are of images"),
    ],
)
def test_what_cannot_be_fitted_is_refused(signal, labels, said):
    with pytest.raises(UserError, match=said):
        TASK.problem(signal, labels)


def test_an_estimate_of_another_size_is_refused():
    with pytest.raises(UserError, match="has 13 x 14 x 9 voxels, and its estimate 5 x 6 x 11; both must be"):
        TASK.score(BALL, NOISE)
