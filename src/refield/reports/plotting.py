"""How all our pictures look, and how they are saved: the same input gives the same bytes."""

import base64
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

COLUMN, PAGE = 3.5, 7.16  # inches: the widths of one and of two columns in print

# Okabe and Ito's colours (jfly.uni-koeln.de/color), told apart by all common kinds of colour vision; grey for their
# yellow, which is lost on paper. Order: the paper's methods.
COLORS = ["#8A8A8A", "#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#CC79A7", "#009E73", "#000000"]
MARKERS = ["s", "^", "v", "o", "d", "P", "X", ">"]
DASHES: list[Any] = ["-", "-", "--", "-", (0, (4, 1, 1, 1)), "--", (0, (1, 1)), (0, (4, 1, 1, 1))]
DOTS = (0, (1.5, 1.5))

RC: Any = {
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "font.size": 7,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,  # whole letters rather than outlines: text that can be searched
    "svg.hashsalt": "refield",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
}
# Neither the time nor the version of the program: each would change the bytes.
METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@dataclass(frozen=True)
class Look:
    color: str
    marker: str
    dashes: Any


def looks(first: Iterable[str], others: Iterable[str]) -> dict[str, Look]:
    """Each method's look: `first` (the paper's) keep theirs whichever `others` follow; beyond eight, markers shift."""
    table = {}
    for i, method in enumerate(dict.fromkeys([*first, *others])):
        turn, place = divmod(i, len(COLORS))
        other = (place + turn) % len(COLORS)
        dashes = DASHES[other] if turn == 0 or DASHES[other] != DASHES[place] else DOTS
        table[method] = Look(COLORS[place], MARKERS[other], dashes)
    return table


@contextmanager
def style() -> Iterator[None]:
    """Our settings, over matplotlib's defaults rather than the user's."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def save(figure: Figure, file: Path) -> None:
    """Write .pdf, .png (300 dpi) or .svg, by the file's suffix."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with style():
        figure.savefig(file, dpi=300, metadata=METADATA[file.suffix])


def as_address(figure: Figure) -> str:
    """A figure as the address of itself in a page: an SVG."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="svg", metadata=METADATA[".svg"])
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
