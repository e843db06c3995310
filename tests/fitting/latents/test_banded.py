"""Interpolation along an axis as blocks of a matrix."""

import numpy as np
import pytest

from refield.fitting.latents.banded import cut, nodes_of, points_of, positions, shares


@pytest.mark.parametrize("n", [1, 2, 7, 24])
@pytest.mark.parametrize("nodes", [2, 3, 7, 24, 90])
@pytest.mark.parametrize("most", [1, 3, 100])
def test_blocks_make_numpys_linear_interpolation_and_its_transpose(n, nodes, most):
    coordinates, rng = np.linspace(-1, 1, n) if n > 1 else np.zeros(1), np.random.default_rng(0)
    whole = np.stack([np.interp(coordinates, np.linspace(-1, 1, nodes), row) for row in np.eye(nodes)], axis=1)
    at, values, errors = positions(coordinates, nodes), rng.normal(size=nodes), rng.normal(size=n)
    found = [shares(at[part], nodes_of(at[part])) @ values[nodes_of(at[part])] for part in cut(n, most)]
    np.testing.assert_allclose(np.concatenate(found), whole @ values, atol=1e-12)
    back = [errors[points_of(at, part)] @ shares(at[points_of(at, part)], part) for part in cut(nodes, most)]
    np.testing.assert_allclose(np.concatenate(back), errors @ whole, atol=1e-12)


def test_a_point_that_lies_on_a_node_has_no_other():
    at = positions(np.linspace(-1, 1, 768), 768)
    for part in cut(768, 50):
        assert nodes_of(at[part]) == points_of(at, part) == part
        np.testing.assert_array_equal(shares(at[part], part), np.eye(part.stop - part.start))


@pytest.mark.parametrize(("n", "most"), [(1, 5), (10, 3), (512, 6), (7, 7), (8, 7)])
def test_what_is_cut_is_whole_and_even(n, most):
    parts = cut(n, most)
    assert [i for part in parts for i in range(n)[part]] == list(range(n))
    lengths = {part.stop - part.start for part in parts}
    assert max(lengths) <= most
    assert max(lengths) - min(lengths) <= 1
    assert len(parts) == -(-n // most)
