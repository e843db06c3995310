"""Figures of signals that are no images: each by all methods, the paper's first."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from refield.config import Params
from refield.papers import Paper
from refield.reports.pictures import Pictures
from refield.reports.results import Scores, unit
from refield.reports.scene_figure import Scene, scene_figure
from refield.reports.scene_figure import caption as explain_scenes
from refield.reports.scenes import animation, orbit, small
from refield.reports.solid_figure import Solid, solid_figure
from refield.reports.solid_figure import caption as explain_solids
from refield.scores.numbers import number
from refield.signals.views import as_views
from refield.signals.volume import as_volume
from refield.tasks.radiance import Radiance
from refield.units.decode import read_model
from refield.units.names import WEIGHTS
from refield.units.rendered import render


@dataclass(frozen=True)
class Drawn:
    """A figure under the name of its files."""

    name: str
    figure: Figure
    caption: str
    animation: bytes | None = None  # an APNG beside it


def solids(_: str, scores: Scores, files: Pictures, params: Params, paper: Paper) -> Iterator[Drawn]:
    """Every volume by all methods that were scored on it, the paper's first."""
    values, ranking = scores.by_image(), scores.ranking
    for image, row in values.iterrows():
        truth, scored = as_volume(files.signal(str(image))), row.dropna()
        solids = [
            Solid(
                paper.label(name),
                as_volume(files.estimate(name, str(image))),
                f"{ranking.title} {number(scored[name], ranking.digits)}",
            )
            for name in dict.fromkeys([*paper.listed, *params.methods])
            if name in scored
        ]
        text = explain_solids(f"The volume {image} and all methods", truth.shape, ranking.title)
        yield Drawn(str(image), solid_figure(truth, solids), text + paper.credit(str(image)))


def scenes(profile: str, scores: Scores, files: Pictures, params: Params, paper: Paper) -> Iterator[Drawn]:
    """Every scene by all methods that were scored on it, the paper's first, from places that were held out; and two of
    them on a turntable: those of the paper's gain, or the first."""
    values, ranking, task = scores.by_image(), scores.ranking, params.task(profile)
    assert isinstance(task, Radiance)
    for image, row in values.iterrows():
        truth, scored = as_views(files.signal(str(image))), row.dropna()
        names = [name for name in dict.fromkeys([*paper.listed, *params.methods]) if name in scored]
        models = {name: read_model(files.fits(name) / str(image) / WEIGHTS) for name in names}
        first = small(truth.held_out.cameras.some(slice(1)))
        methods = [
            Scene(
                paper.label(name),
                as_views(files.estimate(name, str(image))),
                render(models[name], task, first),
                f"{number(scored[name], ranking.digits)}{unit(ranking)}",
            )
            for name in names
        ]
        gained = [name for name in (paper.gain.pair if paper.gain else ()) if name in names]
        turning = [render(models[name], task, orbit(truth)).colours for name in gained or names[:2]]
        text = explain_scenes(f"The scene {image} and all methods", truth, ranking.title)
        text += f" {image}_turntable.png turns round {' and '.join(paper.label(name) for name in gained or names[:2])}."
        text += paper.credit(str(image))
        yield Drawn(str(image), scene_figure(truth, methods), text, animation([*np.concatenate(turning, axis=2)]))
