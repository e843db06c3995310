"""A paper's figures again, of a profile's pictures, with their captions; and the gates of some of its methods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from refield.config import Params
from refield.fields.mlp import Mlp
from refield.papers import Paper, Table
from refield.reports.description import kind
from refield.reports.figures import Shown, Window, choose_crop, choose_image, comparison
from refield.reports.gate_figure import gate_figure
from refield.reports.pictures import Pictures
from refield.reports.results import Scores, unit
from refield.scores.numbers import number


@dataclass(frozen=True)
class Drawn:
    """A figure under the name of its files."""

    name: str
    figure: Figure
    caption: str


def draw_all(profile: str, scores: Scores, files: Pictures, params: Params, paper: Paper) -> Iterator[Drawn]:
    """The figures whose pair of methods was scored, and the gates of those scored methods that have any."""
    values = scores.by_image()
    for table in paper.of(kind(profile, params)).tables:
        if table.figure and table.compare and set(table.compare) <= set(values):
            yield _comparison(table, table.compare, scores, files, paper)
    fields = [(name, params.field(profile, name)) for name in paper.charts.gates if name in values]
    image = str(values.index[0])
    gated = [(paper.label(name), field, files.labels(name, image)) for name, field in fields if isinstance(field, Mlp)]
    if gated:
        text = f"The gates on image {image}: a colour for each expert of a layer, over the image's luminance."
        yield Drawn("gates", gate_figure(files.original(image), gated), text)


def _comparison(table: Table, pair: tuple[str, str], scores: Scores, files: Pictures, paper: Paper) -> Drawn:
    values, ranking = scores.by_image(), scores.ranking
    image = choose_image(values, *pair)
    original = files.original(image)
    methods = []
    for row in table.rows:
        if row.method in values:
            quality = f"{number(values[row.method][image], ranking.digits)}{unit(ranking)}"
            methods.append(Shown(row.label, files.reconstruction(row.method, image), quality))
    crop = choose_crop(original, [method.pixels for method in methods])
    labels, compared = [method.label for method in methods], [paper.label(method) for method in pair]
    text = caption(table, image, labels, crop, compared, ranking.title)
    return Drawn(f"figure{table.figure}", comparison(original, methods, crop), text)


def caption(table: Table, image: str, labels: Sequence[str], crop: Window, pair: Sequence[str], quality: str) -> str:
    """What is shown and by which rule it was chosen."""
    size, place = f"{crop.width} x {crop.height} pixels", f"row {crop.top}, column {crop.left}"
    return (
        f"Figure {table.figure}, the methods of Table {table.number}. Image {image}, where the gain of {pair[0]} over "
        f"{pair[1]} is the median over images. Crop: of all windows of {size}, the one where the methods' mean errors "
        f"differ most ({place}). Above: original, {', '.join(labels)}; below: absolute error per colour channel, all "
        f"on one scale. {quality} is that of the whole image."
    )
