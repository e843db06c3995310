"""A paper's figures again, of a profile's pictures, with their captions; derivatives; and the gates of some methods."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refield.config import Params
from refield.fields.mlp import Mlp
from refield.papers import Paper
from refield.papers.table import Pair
from refield.reports.derivative_figure import caption as explain
from refield.reports.derivative_figure import derivative_figure
from refield.reports.derived import of_fit, of_image, psnr_of_nothing, to_scale
from refield.reports.description import entry
from refield.reports.figures import Shown, Window, choose_crop, choose_image, comparison
from refield.reports.gate_figure import gate_figure
from refield.reports.other_figures import Drawn, scenes, solids
from refield.reports.pictures import Pictures
from refield.reports.results import Scores, unit
from refield.reports.structure_figure import Seen, structure_figure
from refield.reports.structure_figure import caption as explain_masks
from refield.reports.views import View, view
from refield.scores.fitted import Fitted
from refield.scores.measure import PSNR
from refield.scores.numbers import number
from refield.scores.stored import picture
from refield.signals import Image, Views, Volume
from refield.tasks.derivatives import Derivatives
from refield.tasks.edges import Edges
from refield.tasks.gradients import Gradients
from refield.tasks.laplacian import Laplacian
from refield.tasks.segmented import Segmented
from refield.tasks.task import Task
from refield.units.fitted import read_fitted


@dataclass(frozen=True)
class Compared:
    """Methods that stand in one figure, and the two whose gain chooses the image."""

    name: str  # of the figure's files
    lead: str  # what they are, as a caption begins
    labels: Mapping[str, str]
    pair: Pair


def draw_all(profile: str, scores: Scores, files: Pictures, params: Params, paper: Paper) -> Iterator[Drawn]:
    """The figures whose pair of methods was scored; derivatives, of tasks that are about them; and the gates of those
    scored methods that have any."""
    if files.kind in (Volume, Views):
        yield from (solids if files.kind is Volume else scenes)(profile, scores, files, params, paper)
        return
    values, task = scores.by_image(), params.task(profile)
    figures = list(_figures(paper, entry(profile, params), map(str, values)))
    first = figures[0] if figures else None
    for compared in figures:
        if set(compared.pair) <= set(values):
            yield _comparison(compared, scores, files, paper, view(task))
    if isinstance(task, Derivatives | Edges | Gradients | Laplacian):
        yield _derivatives(task, first, scores, files, paper)
    if isinstance(task, Segmented):
        yield _structure(task, first, scores, files, paper)
    fields = [(name, params.field(profile, name)) for name in paper.charts.gates if name in values]
    image = str(values.index[0])
    gated = [(paper.label(name), field, files.labels(name, image)) for name, field in fields if isinstance(field, Mlp)]
    if gated:
        text = f"The gates on image {image}: a colour for each expert of a layer, over the image's luminance."
        yield Drawn("gates", gate_figure(files.original(image), gated), text + paper.credit(image))


def _figures(paper: Paper, task: Mapping[str, Any], scored: Iterable[str]) -> Iterator[Compared]:
    """A figure for each table of a task that says how to choose an image; of a task without tables, all methods'; and
    one of those that `charts.figure` names, if two of them were scored."""
    tables = paper.of(task).tables
    for table in tables:
        if table.compare:
            labels = {row.method: row.label for row in table.rows}
            name = f"figure{table.figure}" if table.figure else f"table{table.number}"
            lead = f"Figure {table.figure}, the methods" if table.figure else "The methods"
            yield Compared(name, f"{lead} of Table {table.number}", labels, table.compare)
    if not tables and paper.gain and not paper.charts.figure:
        labels = {method: paper.label(method) for method in paper.listed}
        yield Compared(task["kind"], "The methods of the paper's tables", labels, paper.gain.pair)
    known = set(scored)
    shown = [method for method in paper.charts.figure if method in known]
    if len(shown) > 1:
        pair = paper.gain.pair if paper.gain and set(paper.gain.pair) <= set(shown) else (shown[0], shown[-1])
        yield Compared(task["kind"], "Some methods", {method: paper.label(method) for method in shown}, pair)


def _comparison(compared: Compared, scores: Scores, files: Pictures, paper: Paper, seen: View) -> Drawn:
    values, ranking = scores.by_image(), scores.ranking
    image = choose_image(values, *compared.pair)
    original, shown = files.original(image), seen.of or (lambda pixels: pixels)
    reference, methods = shown(original), []
    for method, label in compared.labels.items():
        if method in values:
            quality = f"{number(values[method][image], ranking.digits)}{unit(ranking)}"
            methods.append(Shown(label, shown(files.reconstruction(method, image)), quality))
    crop = choose_crop(reference, [method.pixels for method in methods])
    text = caption(
        f"{compared.lead}. Image {image}",
        [method.label for method in methods],
        crop,
        [paper.label(method) for method in compared.pair],
        ranking.title,
        seen,
        reference.shape[2],
    )
    given = seen.given(original) if seen.given else None
    return Drawn(compared.name, comparison(original, methods, crop, reference, given), text + paper.credit(image))


def _derivatives(task: Task, compared: Compared | None, scores: Scores, files: Pictures, paper: Paper) -> Drawn:
    lead, image, labels = _of_first(compared, scores, paper)
    original, fits = Image(files.original(image)), _fits(labels, image, scores, files)
    fitted = {name: to_scale(of, original, task) for name, of in fits.items()}
    first = of_image("Original", original)
    rows = [of_fit(labels[name], original, files.reconstruction(name, image), of) for name, of in fitted.items()]
    nothing = psnr_of_nothing(original, next(iter(fitted.values())))
    text = explain(lead, first, rows, nothing, shifted=isinstance(task, Gradients | Laplacian))
    return Drawn("derivatives", derivative_figure(first, rows), text + paper.credit(image))


def _structure(task: Segmented, compared: Compared | None, scores: Scores, files: Pictures, paper: Paper) -> Drawn:
    lead, image, labels = _of_first(compared, scores, paper)
    original, rows = Image(files.original(image)), scores.rows[scores.rows["image"] == image].set_index("method")
    seen = []
    for name, fitted in _fits(labels, image, scores, files).items():
        pixels = picture(original, fitted, task.precision).pixels
        words = f"{number(rows[PSNR.name][name])} dB", f"Dice {number(rows['dice'][name], 4)}"
        seen.append(Seen(labels[name], pixels, task.predict(pixels), words))
    words = "", f"Dice {number(rows['dice_original'].iloc[0], 4)}"
    first = Seen("Original", original.pixels, task.predict(original.pixels), words)
    figure = structure_figure(first, task.mask(original), seen)
    return Drawn("masks", figure, explain_masks(lead, [each.label for each in seen]) + paper.credit(image))


def _of_first(compared: Compared | None, scores: Scores, paper: Paper) -> tuple[str, str, dict[str, str]]:
    """How a caption begins, the image, and the methods' labels: those of the task's first figure, or if it has none all
    methods and the first image."""
    values = scores.by_image()
    if compared and set(compared.pair) <= set(values):
        image, labels = choose_image(values, *compared.pair), dict(compared.labels)
        better, worse = map(paper.label, compared.pair)
        lead = f"{compared.lead}. Image {image}, where the gain of {better} over {worse} is the median over images"
        return lead, image, labels
    image = str(values.index[0])
    return f"All methods. Image {image}, the first", image, {name: paper.label(name) for name in map(str, values)}


def _fits(labels: Mapping[str, str], image: str, scores: Scores, files: Pictures) -> dict[str, Fitted]:
    """The fields of the methods that were scored."""
    scored = [name for name in labels if name in scores.by_image()]
    return {name: read_fitted(Image(files.original(image)), files.fits(name) / image) for name in scored}


def caption(
    lead: str, labels: Sequence[str], crop: Window, pair: Sequence[str], quality: str, seen: View, channels: int
) -> str:
    """What is shown and by which rule it was chosen; `channels` are those of what errors are of."""
    of = f" of each, {seen.words}" if seen.words else ""
    given = " and, below the original, what the fields were given" if seen.given else ""
    errors = "absolute error per colour channel" if channels > 1 else "absolute error"
    size, place = f"{crop.width} x {crop.height} pixels", f"row {crop.top}, column {crop.left}"
    return (
        f"{lead}, where the gain of {pair[0]} over {pair[1]} is the median over images. Crop: of all windows of "
        f"{size}, the one where the methods' mean errors differ most ({place}). "
        f"Above{of}: original, {', '.join(labels)}; below: {errors}, all on one scale{given}. "
        f"{quality} is that of the whole image."
    )
