"""A section on methods in several profiles: how well and how fast each does, of how many numbers, beside no field."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.papers.discussion import Across
from refield.reports.results import Results, Scores, pipe, scores_of
from refield.scores.numbers import DASH, number
from refield.scores.paired import difference
from refield.tasks.inpaint import Inpaint
from refield.tasks.superresolve import Superresolve
from refield.tasks.task import Task

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
    yield "Numbers of a field for each pixel that it was fitted to, the mean over images:"
    yield _numbers(section, run, params, paper)
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


def _numbers(section: Across, run: Mapping[str, Scores], params: Params, paper: Paper) -> str:
    def of(method: str, name: str) -> str:
        return _of_a_pixel(run[name].rows, params.task(name, method), method)

    return pipe(["Method", *run], [[paper.label(each), *(of(each, name) for name in run)] for each in section.methods])


def _of_a_pixel(rows: pd.DataFrame, task: Task, method: str) -> str:
    """How many numbers a method's fields have for each pixel that the task shows them."""
    own = rows[rows["method"] == method]
    pixels = [_seen(task, (height, width)) for height, width in zip(own["height"], own["width"], strict=True)]
    return number(float((own["parameters"] / pixels).mean()))


def _seen(task: Task, shape: tuple[int, int]) -> float:
    """Pixels of an image of this shape that a field is fitted to: not those that are hidden, or a smaller image's."""
    if isinstance(task, Inpaint):
        return float(np.count_nonzero(~task.draw_mask(shape)))
    return math.prod(shape) / (task.factor**2 if isinstance(task, Superresolve) else 1)


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
