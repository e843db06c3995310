import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refield.fitting.mlp.ordering import cells, chunks, runs, sorting

experts = st.integers(1, 60).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 2), min_size=n, max_size=n), min_size=1, max_size=3)
)


@given(experts, st.integers(1, 20))
def test_chunks_cover_all_rows_once_and_are_no_longer_than_asked(experts, rows):
    experts = np.array(experts)
    experts = experts[:, np.lexsort(experts)]
    bounds = chunks(experts, rows)
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == experts.shape[1]
    assert all(0 < stop - start <= rows for start, stop in bounds)


@given(experts)
def test_cells_are_all_alike_inside_and_differ_from_their_neighbours(experts):
    experts = np.array(experts)
    bounds = cells(experts)
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == experts.shape[1]
    for start, stop in bounds:
        assert (experts[:, start:stop] == experts[:, start, None]).all()
        assert stop == experts.shape[1] or (experts[:, stop] != experts[:, start]).any()


@given(experts)
def test_sorted_points_have_each_layers_experts_in_as_few_runs_as_the_layers_above_allow(experts):
    experts = np.array(experts)
    order = sorting(experts)
    assert sorted(order) == list(range(experts.shape[1]))
    allowed = 1
    for layer in experts[:0:-1]:
        allowed *= len(set(layer))
        assert len(runs(layer[order], 0, len(layer))) <= allowed


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.data())
def test_runs_name_every_rows_expert(experts, data):
    start = data.draw(st.integers(0, len(experts) - 1))
    stop = data.draw(st.integers(start + 1, len(experts)))
    named = np.full(stop - start, -1)
    for run in runs(np.array(experts), start, stop):
        assert (named[run.rows] == -1).all()
        named[run.rows] = run.expert
    assert named.tolist() == experts[start:stop]
