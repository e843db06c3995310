"""Radiance fields: rays are those of the poses, a scene is learned, and bytes depend on neither threads nor breaks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fitting.descents import RATE, a_job, descend, mlp
from signals import scene

from refield.errors import UserError
from refield.fields.wire import Wire
from refield.fitting.autograd import CHUNK_FLOATS
from refield.fitting.fit import fit_together
from refield.fitting.rays import RayDescent, descent
from refield.scores import metrics
from refield.signals import Image, Views
from refield.signals.cameras import Cameras, looking
from refield.tasks.radiance import Radiance
from refield.tasks.rays import OF_RAY, Rays, caster

TASK = Radiance(samples=6)
SMALL = scene.views(4, 2, 12)
TINY = scene.views(3, 1, 6)
FIELDS = {"sines": mlp("dense", "dense", regions=None, omega_0=5.0), "wire": Wire(width=8, hidden_layers=1)}


def problem(task: Radiance = TASK, views: Views = SMALL):
    return task.problem(views, None)


def checkers(points: torch.Tensor, _: object) -> torch.Tensor:
    """A field: the cube [-1/2, 1/2]^3, opaque, whose eight octants are black and white in turn."""
    inside = (points.abs() < 0.5).all(dim=1)
    black = (points > 0).sum(dim=1) % 2 == 0
    colour = torch.where(black, -50.0, 50.0)
    return torch.stack([torch.where(inside, 200.0, -200.0), colour, colour, colour], dim=1)


def project(camera: Cameras, points: np.ndarray) -> np.ndarray:
    """Row and column, in pixels, where a camera sees points: the textbook's pinhole, by the inverse of its pose."""
    x, y, z = np.linalg.inv(camera.poses[0])[:3] @ np.concatenate([points, np.ones((len(points), 1))], axis=1).T
    return np.stack([camera.height / 2 + camera.focal * y / z, camera.width / 2 - camera.focal * x / z], axis=1)


@pytest.mark.parametrize("place", [(4.0, 0.5, 1.0), (-1.0, 3.0, 2.0), (0.3, 0.1, -4.0)])
def test_a_rendered_checker_box_is_where_it_projects(place):
    camera = Cameras(looking(np.array(place))[None], focal=70.0, height=60, width=80)
    rays = Rays(Views(np.zeros((1, 60, 80, 4), np.uint8), camera, 0), slice(None), 256)
    seen = Radiance(samples=256).see(checkers, rays.on(torch.zeros(()))(torch.arange(60 * 80)).points)
    opaque = seen.opacity.reshape(60, 80).numpy()
    corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)
    rows, columns = project(camera, corners).T
    there = np.argwhere(opaque > 0.5)
    assert np.abs(there.min(axis=0) - [rows.min(), columns.min()]).max() <= 1
    assert np.abs(there.max(axis=0) - [rows.max() - 1, columns.max() - 1]).max() <= 1
    # The octants' middles on the faces that the camera sees, and their colours.
    faces = [
        (axis, sign * 0.49, u, v) for axis in range(3) for sign in (-1, 1) for u in (-0.25, 0.25) for v in (-0.25, 0.25)
    ]
    middles = np.array([np.insert([u, v], axis, at) for axis, at, u, v in faces if at * place[axis] > 0.6 * abs(at)])
    assert len(middles) >= 4
    for middle, (row, column) in zip(middles, project(camera, middles), strict=True):
        colour = seen.colour.reshape(60, 80, 3)[int(row), int(column)]
        assert colour.tolist() == pytest.approx([float((middle > 0).sum() % 2)] * 3, abs=1e-5)


def test_depth_is_the_distance_of_what_is_hit():
    camera = Cameras(looking(np.array([3.0, 0.0, 0.0]))[None], focal=1e4, height=1, width=1)
    rays = Rays(Views(np.zeros((1, 1, 1, 4), np.uint8), camera, 0), slice(None), 512)
    seen = Radiance(samples=512).see(checkers, rays.on(torch.zeros(()))(torch.arange(1)).points)
    assert float(seen.depth) == pytest.approx(2.5, abs=2 / 512)


def test_rays_end_where_they_leave_the_box():
    rows = caster(SMALL.cameras, torch.zeros(()))(torch.arange(6 * 12 * 12))
    origin, direction, near, far = rows.split([3, 3, 1, 1], dim=1)
    torch.testing.assert_close(direction.norm(dim=1), torch.ones(len(rows)).double())
    hits = (far > near)[:, 0]
    assert 0 < hits.sum() < len(rows)
    for distance in (near, far):
        ends = (origin + distance * direction)[hits].abs()
        torch.testing.assert_close(ends.amax(dim=1), torch.ones(int(hits.sum())).double())
    assert (far[~hits] == 0).all()
    within = Cameras(np.eye(4)[None], 3.0, 2, 2)
    assert (caster(within, torch.zeros(()))(torch.arange(4))[:, 6] == 0).all()  # from within, it begins at the camera


def test_targets_are_the_colours_of_the_views_that_are_seen():
    samples = problem().samples
    batch = samples.on(torch.zeros(()))(torch.tensor([0, 12 * 12 + 5, 4 * 12 * 12 - 1]))
    pixels = SMALL.pixels[..., :3].reshape(-1, 3)
    np.testing.assert_allclose(batch.target.numpy(), pixels[[0, 149, 575]] / 127.5 - 1, atol=1e-6)
    assert len(samples) == 4 * 12 * 12
    assert len(problem().held_out) == 2 * 12 * 12


@pytest.mark.parametrize("task", [TASK, Radiance(samples=4, fine=5)], ids=["coarse", "fine"])
@pytest.mark.parametrize("field", FIELDS)
def test_chunks_threads_and_breaks_change_no_bit(field, task, monkeypatch):
    monkeypatch.setitem(CHUNK_FLOATS, "cpu", 0)  # chunks of 10 or 7 rays, of 30
    job, found = a_job(FIELDS[field], problem(task, TINY), iterations=5, batch=30), []
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            (fit,) = fit_together([job], "cpu")
            found.append((fit.values.tobytes(), fit.curve))
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1]
    start, device = job.field.initialise(3, 4, np.random.default_rng(1)), torch.device("cpu")
    with RayDescent(job, start, device) as whole, RayDescent(job, start, device) as first:
        for each, steps in ((whole, 4), (first, 2)):
            for _ in range(steps):
                each.step(RATE)
        with RayDescent(job, start, device) as second:
            second.resume(first.state(), 2)
            for _ in range(2):
                second.step(RATE)
            assert (second.finish()[0] == whole.finish()[0]).all()


def test_a_step_descends_the_loss_of_its_rays():
    """The loss is the mean over all rays of a batch, whose places are drawn anew: against the sum written out."""
    job = a_job(FIELDS["sines"], problem(), batch=50)
    start = job.field.initialise(3, 4, np.random.default_rng(1))
    with descent(job, start, torch.device("cpu"), torch.float64) as taking:
        taking.step(RATE)
        first, loss = taking.batch.points.clone(), taking.loss()
        weights = {name: torch.tensor(array) for name, array in start.items()}
        seen = TASK.see(lambda points, _: job.field.evaluate(weights, points), first)
        assert loss == pytest.approx(float((2 * seen.colour - 1 - taking.batch.target).square().mean()), rel=1e-12)
        taking.step(RATE)
        places = taking.batch.points[:, OF_RAY:]
        assert ((places >= 0) & (places < 1)).all()
        assert (places != first[:, OF_RAY:]).all()


@pytest.mark.gpu
@pytest.mark.parametrize("task", [TASK, Radiance(samples=4, fine=5)], ids=["coarse", "fine"])
def test_a_gpus_steps_are_the_cpus(task):
    job = a_job(FIELDS["sines"], problem(task), batch=60)
    ours, theirs = descend(descent, job, 10, device="cuda"), descend(descent, job, 10)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-8)
    np.testing.assert_allclose(ours.values, theirs.values, rtol=0, atol=1e-8)


def test_a_scene_is_learned():
    views = scene.views(12, 3, 12)
    field = mlp("dense", "dense", width=32, omega_0=5.0)
    settings = {"iterations": 120, "learning_rate": 5e-3, "batch": 128}
    (fit,) = fit_together([a_job(field, problem(TASK, views), **settings)], "cpu")
    scores = TASK.score(views, TASK.finish(fit.values, views))
    white = TASK.score(views, views.with_values(np.ones_like(views.values())))
    assert scores["psnr_8bit"] > white["psnr_8bit"] + 6
    assert scores["ssim"] > white["ssim"] + 0.4
    assert fit.curve[-1][1] < 0.3 * fit.curve[0][1]


def test_scores_are_means_over_the_views_that_are_held_out():
    other = SMALL.with_values(np.clip(SMALL.values() + 0.1, -1, 1))
    scores = TASK.score(SMALL, other)
    pairs = [(SMALL.pixels[4 + i, ..., :3], other.pixels[i, ..., :3]) for i in range(2)]
    assert scores["psnr_8bit"] == pytest.approx(np.mean([metrics.psnr_8bit(*pair) for pair in pairs]))
    assert scores["ssim"] == pytest.approx(np.mean([metrics.ssim(*pair) for pair in pairs]))
    assert TASK.score(SMALL, SMALL) == {"psnr_8bit": np.inf, "ssim": 1.0}


@pytest.mark.parametrize(
    ("signal", "labels", "said"),
    [
        (Image(np.zeros((12, 13, 3), np.uint8)), None, "is no set of views but an image"),
        (SMALL.held_out, None, "has no views to fit a field to; all of them are held out"),
        (SMALL, np.zeros(288, np.uint8), "maps of regions are of images"),
    ],
)
def test_what_cannot_be_fitted_is_refused(signal, labels, said):
    with pytest.raises(UserError, match=said):
        TASK.problem(signal, labels)


def test_an_estimate_of_another_size_is_refused():
    other = replace(SMALL, pixels=SMALL.pixels[:, :11])
    with pytest.raises(
        UserError, match="2 held-out views of 12 x 12 pixels, and its estimate 2 held-out views of 12 x 11"
    ):
        TASK.score(SMALL, other)
