import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refield.fitting.mlp.blocks import Blocks, Segments

experts = st.tuples(st.integers(2, 4), st.integers(1, 80)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 2), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@given(experts, st.integers(1, 9))
def test_each_point_has_one_row_in_a_block_of_its_experts(experts, size):
    experts = np.array(experts)
    blocks = Blocks.of(experts, size)
    assert sorted(blocks.rows[blocks.rows >= 0]) == list(range(experts.shape[1]))
    assert len(blocks.rows) == size * blocks.experts.shape[1]
    for i, point in enumerate(blocks.rows):
        assert i % size or point >= 0
        if point >= 0:
            assert (experts[1:, point] == blocks.experts[1:, i // size]).all()


@given(experts, st.integers(1, 9))
def test_rows_that_fill_up_are_zero_and_few(experts, size):
    experts = np.array(experts)
    blocks = Blocks.of(experts, size)
    rows = blocks.of_points(np.arange(1.0, experts.shape[1] + 1))
    np.testing.assert_array_equal(rows, np.where(blocks.rows >= 0, blocks.rows + 1, 0))
    assert len(rows) - experts.shape[1] <= (size - 1) * len(np.unique(experts[1:], axis=1).T)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 30), st.integers(1, 9))
def test_segments_cover_each_block_once_and_their_slots_stand_by_expert(experts, per_chunk, length):
    experts = np.array(experts)
    chunks = [(a, min(a + per_chunk, len(experts))) for a in range(0, len(experts), per_chunk)]
    segments = Segments.of(experts, 5, chunks, length)
    assert sorted(segments.slots) == list(range(len(segments.slots)))
    covered = []
    for (first, _), of_chunk in zip(chunks, segments.chunks, strict=True):
        for start, stop, slot in zip(
            segments.starts[of_chunk], segments.stops[of_chunk], segments.slots[of_chunk], strict=True
        ):
            blocks = range(first + start, first + stop)
            covered += blocks
            assert 0 < len(blocks) <= length
            (expert,) = set(experts[blocks])
            assert segments.bounds[expert] <= slot < segments.bounds[expert + 1]
    assert covered == list(range(len(experts)))
    assert segments.bounds[4] == segments.bounds[5]  # an expert without blocks has no slots


def test_a_blocks_gradient_is_the_same_wherever_its_chunk_ends():
    """Slots are in the order of blocks within an expert, whatever the chunks."""
    experts = np.array([0, 1, 0, 0, 1, 1])
    for chunks in ([(0, 6)], [(0, 3), (3, 6)], [(i, i + 1) for i in range(6)]):
        segments = Segments.of(experts, 2, chunks, 1)
        assert segments.slots.tolist() == [0, 3, 1, 2, 4, 5]
