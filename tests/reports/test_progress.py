"""The chart of how fits came to their PSNR."""

import pandas as pd
import pytest
from pipeline import ROOT

from refield import papers
from refield.errors import UserError
from refield.reports import progress
from refield.study import COURSE

PAPER = papers.read("siren_polito", ROOT / "papers")


def scores(keys, methods=("siren",)):
    """Each value of the last key rises by as many dB a share as it comes late; one of them is exact in the end."""
    rows = []
    for method in methods:
        for i, values in enumerate(keys):
            course = {name: 10.0 + (i + 1) * place for place, name in enumerate(COURSE)}
            end = float("inf") if i == 1 else 30.0 + i
            rows.append({**values, "method": method, "image": "camera", "psnr_8bit": 30.0, **course, "psnr_raw": end})
    return pd.DataFrame(rows)


def test_of_one_key_there_is_a_panel_and_a_line_for_each_value():
    table = scores([{"init_first": name} for name in ("siren", "normal", "uniform")])
    figure = progress.chart(table, "first", PAPER)
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["siren", "normal", "uniform"]
    assert list(axes.lines[2].get_ydata()) == [10, 13, 16, 19, 22, 32]
    assert list(axes.lines[0].get_xdata()) == [2, 4, 10, 20, 40, 100]
    assert axes.lines[1].get_ydata()[-1] == progress.HIGHEST  # an exact fit has a place in the chart
    assert [*progress.progress(table, "first")][-1] == (
        "![PSNR over iterations by init first](discussion/first_progress.svg)"
    )


def test_of_two_keys_the_first_has_panels_of_its_own_and_so_have_methods():
    keys = [{"gates": f"[{'dense, ' * n}dense]", "init": init} for n in (0, 1) for init in ("siren", "normal")]
    figure = progress.chart(scores(keys, ("siren", "relu")), "both", PAPER)
    titles = [axes.get_title() for axes in figure.axes if axes.lines]
    assert len(titles) == len(set(titles)) == 4
    assert all(any(name in title for name in ("SIREN", "ReLU")) for title in titles)


@pytest.mark.parametrize("keys", [{}, {"a": 1, "b": 2, "c": 3}])
def test_a_study_of_no_key_or_of_three_has_no_such_chart(keys):
    table = scores([keys, {key: value + 5 for key, value in keys.items()}])
    if keys:
        table = pd.concat([table, scores([{**keys, "a": 9}]), scores([{**keys, "b": 9}]), scores([{**keys, "c": 9}])])
    with pytest.raises(UserError, match=f"the study odd has no chart of progress: it varies {len(keys)} keys"):
        progress.chart(table, "odd", PAPER)
