"""Volume rendering against closed forms, wherever samples lie along their rays."""

import numpy as np
import pytest
import torch

from refield.tasks.compositing import depth, edges, opacity, over_white, resample, stratified, weights

RAYS, SAMPLES = 5, 24


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def ray(rng):
    """Ends, distances and lengths of rays whose samples lie anywhere in their parts."""
    near = torch.tensor(rng.uniform(0, 2, (RAYS, 1)))
    far = near + torch.tensor(rng.uniform(0.5, 2, (RAYS, 1)))
    distances = stratified(near, far, torch.tensor(rng.random((RAYS, SAMPLES))))
    return near, far, distances, edges(distances, near, far).diff(dim=1)


def test_each_part_of_a_ray_has_one_sample(ray):
    near, far, distances, lengths = ray
    part = (distances - near) / (far - near) * SAMPLES
    assert (part.floor() == torch.arange(SAMPLES)).all()
    torch.testing.assert_close(lengths.sum(dim=1), (far - near)[:, 0])


def test_a_constant_density_absorbs_by_beer_and_lambert(ray, rng):
    near, far, _, lengths = ray
    density = torch.tensor(rng.uniform(0.1, 4, (RAYS, 1)))
    weight = weights(density.expand(-1, SAMPLES), lengths)
    through = torch.exp(-density * (far - near))
    torch.testing.assert_close(opacity(weight), (1 - through)[:, 0], rtol=0, atol=1e-12)
    colour = torch.tensor(rng.random((RAYS, 3)))
    seen = over_white(weight, colour[:, None].expand(-1, SAMPLES, -1))
    torch.testing.assert_close(seen, (1 - through) * colour + through, rtol=0, atol=1e-12)


def test_the_mean_depth_of_a_constant_density_is_its_closed_form():
    near, far, density = torch.tensor([[1.0]]), torch.tensor([[3.0]]), 1.7
    distances = stratified(near, far, torch.full((1, 2000), 0.5))
    weight = weights(torch.full((1, 2000), density), edges(distances, near, far).diff(dim=1))
    expected = 1 + (1 - np.exp(-2 * density)) / density  # the integral of the transmittance from near to far
    assert float(depth(weight, distances, far)) == pytest.approx(expected, abs=1e-5)


def test_an_opaque_wall_hides_what_is_behind_it(ray, rng):
    _, far, distances, lengths = ray
    density = torch.zeros(RAYS, SAMPLES).double()
    density[:, 10], density[:, 15] = 1e6, 1e6
    weight, colour = weights(density, lengths), torch.tensor(rng.random((RAYS, SAMPLES, 3)))
    torch.testing.assert_close(over_white(weight, colour), colour[:, 10], rtol=0, atol=1e-5)
    torch.testing.assert_close(depth(weight, distances, far), distances[:, 10], rtol=0, atol=1e-5)


def test_nothing_is_white_and_ends_at_the_far_end(ray, rng):
    _, far, distances, lengths = ray
    weight = weights(torch.zeros(RAYS, SAMPLES).double(), lengths)
    assert (over_white(weight, torch.tensor(rng.random((RAYS, SAMPLES, 3)))) == 1).all()
    assert (depth(weight, distances, far) == far[:, 0]).all()


def test_weights_are_those_of_the_sum_written_out(ray, rng):
    lengths = ray[3]
    density = torch.tensor(rng.uniform(0, 5, (RAYS, SAMPLES)))
    expected, left = np.empty((RAYS, SAMPLES)), np.ones(RAYS)
    for i in range(SAMPLES):
        absorbed = 1 - np.exp(-density[:, i].numpy() * lengths[:, i].numpy())
        expected[:, i] = left * absorbed
        left = left * (1 - absorbed)
    np.testing.assert_allclose(weights(density, lengths).numpy(), expected, atol=1e-12)


def test_a_ray_of_no_length_has_finite_gradients():
    density = torch.rand(1, 4, requires_grad=True)
    distances = torch.zeros(1, 4)
    lengths = edges(distances, torch.zeros(1, 1), torch.zeros(1, 1)).diff(dim=1)
    (gradient,) = torch.autograd.grad(over_white(weights(density, lengths), torch.rand(1, 4, 3)).sum(), density)
    assert (gradient == 0).all()


def test_further_samples_lie_where_the_weight_is(ray, rng):
    near, far, distances, _ = ray
    ends = edges(distances, near, far)
    weight = torch.zeros(RAYS, SAMPLES).double()
    weight[:, 7], weight[:, 8] = 1.0, 3.0
    found = resample(ends, weight, torch.tensor(rng.random((RAYS, 400))))
    assert (found.diff(dim=1) >= 0).all()
    assert ((near <= found) & (found <= far)).all()
    for part, share in ((7, 0.25), (8, 0.75)):
        inside = (found > ends[:, part : part + 1]) & (found < ends[:, part + 1 : part + 2])
        torch.testing.assert_close(inside.double().mean(dim=1), torch.full((RAYS,), share).double(), rtol=0, atol=0.01)


def test_further_samples_of_equal_parts_of_equal_weight_are_stratified():
    near, far, places = torch.zeros(1, 1), torch.ones(1, 1), torch.full((1, 6), 0.5)
    ends = torch.linspace(0, 1, 5)[None]
    torch.testing.assert_close(resample(ends, torch.ones(1, 4), places), stratified(near, far, places))
