"""A section on methods in several profiles: how well each does, beside what is done without any field, and how fast."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.papers.discussion import Across
from refield.reports.results import Results, Scores, pipe, scores_of
from refield.scores.numbers import DASH, number
from refield.scores.paired import difference

WITHOUT = "Without a field"


def section_of(section: Across, scores: Results, curves: Results, params: Params, paper: Paper) -> Iterator[str]:
    """Markdown: the words, and tables of the profiles that have scores."""
    yield section.words
    found = {name: scores_of(scores, name, params) for name in section.profiles}
    run = {name: each for name, each in found.items() if len(each.rows)}
    if missing := [name for name in found if name not in run]:
        yield f"Not run yet: {', '.join(missing)}."
    if not run:
        return
    controls = {name: control for name, control in section.profiles.items() if name in run and control}
    yield _averages(section, run, controls, paper)
    if controls:
        yield "A method less what is done without a field, image by image, with its 95 % interval:"
        yield _differences(section, run, controls, paper)
    if section.reach is not None:
        yield f"After how many iterations the mean PSNR reaches {section.reach:g} dB, before rounding:"
        # Where something is done without a field, curves are of what fields were fitted to, which is not all.
        whole = {name: curves.of(name) for name in run if name not in controls}
        yield _iterations(section.reach, section, whole, paper)


def _averages(section: Across, run: Mapping[str, Scores], controls: Mapping[str, str], paper: Paper) -> str:
    rows = [[paper.label(method), *(_mean(each, method) for each in run.values())] for method in section.methods]
    if controls:
        rows.append([WITHOUT, *(_mean(run[name], controls[name]) if name in controls else DASH for name in run)])
    return pipe(["Method", *(f"{name}, {each.ranking.title}" for name, each in run.items())], rows)


def _mean(scores: Scores, method: str) -> str:
    """Of a method, or of a measure that stands for one; a dash where it has no scores."""
    averages = scores.with_controls([method]).summary()["average"]
    return number(float(averages[method]), scores.ranking.digits) if method in averages else DASH


def _differences(section: Across, run: Mapping[str, Scores], controls: Mapping[str, str], paper: Paper) -> str:
    values = {name: run[name].with_controls([control]).by_image() for name, control in controls.items()}
    rows = [
        [paper.label(method), *(_less(values[name], method, control) for name, control in controls.items())]
        for method in section.methods
    ]
    return pipe(["Method", *(f"{name}, less {paper.label(control)}" for name, control in controls.items())], rows)


def _less(values: pd.DataFrame, method: str, control: str) -> str:
    if method not in values or len(values) < 3:
        return DASH
    return str(difference(values[method], values[control]))


def _iterations(reach: float, section: Across, curves: Mapping[str, pd.DataFrame], paper: Paper) -> str:
    rows = [
        [paper.label(method), *(_first(reach, method, each) for each in curves.values())] for method in section.methods
    ]
    return pipe(["Method", *curves], rows)


def _first(reach: float, method: str, curves: pd.DataFrame) -> str:
    """The first traced iteration with as much; a dash where there is none."""
    curve = curves[curves["method"] == method]
    first = curve.loc[curve["psnr"] >= reach, "iteration"].min()
    return DASH if math.isnan(first) else f"{int(first):,}"
