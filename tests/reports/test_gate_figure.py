import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.reports.gate_figure import expert_maps, gate_figure

IMAGE = np.random.default_rng(0).integers(0, 256, (8, 12, 3), dtype=np.uint8)
LABELS = np.arange(96).reshape(8, 12) % 4


def test_a_tile_gate_alternates_and_a_segment_gate_is_the_map():
    field = Mlp(gates=(1.0, "segment", "dense"), width=4, regions=4)
    tiles, regions, dense = expert_maps(field, IMAGE.shape, LABELS)
    assert np.unique(tiles[:4, :6]).tolist() == [3]  # both coordinates negative: floor is -1, which is 1 modulo 2
    assert np.unique(tiles[4:7, 6:11]).tolist() == [0]
    np.testing.assert_array_equal(regions, LABELS)
    assert not dense.any()


@pytest.mark.parametrize("count", [1, 2])
def test_one_panel_for_each_gated_layer(count):
    methods = [
        ("tiles", Mlp(gates=(4.0, 2.0, 1.0), width=4), None),
        ("ours", Mlp(gates=(4.0, "segment"), width=4, regions=4), LABELS),
    ][:count]
    figure = gate_figure(IMAGE, methods)
    shown = [axis for axis in figure.axes if axis.images]
    assert len(shown) == sum(len(field.gates) for _, field, _ in methods)
    assert shown[0].get_title() == "First layer: A = 4"
    assert all(axis.images[0].get_array().shape == IMAGE.shape for axis in shown)
