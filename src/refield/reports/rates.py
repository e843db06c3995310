"""Rates and distortions of files: what was measured on a profile's photographs and what is published, as tables."""

from collections.abc import Mapping, Sequence

from refield.codecs import ABSENT, CODECS
from refield.comparison import Comparison
from refield.papers.curves import Published
from refield.reports import rates_images, rates_parts, rates_single, rates_words
from refield.reports.rates_panel import Panel, Series
from refield.reports.results import pipe
from refield.scores.bd_rate import bd_rate, mean_bd_rate
from refield.scores.ms_ssim import SMALLEST
from refield.scores.numbers import DASH, number
from refield.scores.paired import FEWEST, Difference, difference

LEAD = (
    "Bits are those of whole files, headers included; PSNR is that of the 8-bit picture that a file decodes to, over "
    "all channels of RGB. Rate and PSNR of a setting are means over images. PSNR at a rate is interpolated by PCHIP "
    "over the logarithm of the rate. BD-rate says how many bits more a codec takes than another at equal PSNR "
    "(Bjontegaard, VCEG-M33, by PCHIP): the mean over images, with its 95 % interval by Student's t; of published "
    "curves, which are means already, it is that of the two curves of means. A dash stands where curves do not reach "
    "or do not overlap."
)

SIMILAR = (
    f"MS-SSIM (Wang et al., 2003) of the same pictures, whose sides have {SMALLEST} pixels or more: the mean over "
    "channels of RGB, read off its own curves as PSNR is."
)
GAINED = (
    "PSNR of one less that of another, in files of at most so many bits a pixel, maps included: the mean of the "
    "differences image by image, with its 95 % interval by Student's t. What lies within chance has an interval that "
    "holds zero."
)


Table = tuple[list[str], list[list[str]]]  # heads, and rows


def page(panels: Sequence[Panel], comparison: Comparison, seconds: Mapping[str, str]) -> str:
    """Markdown; `seconds` are the addresses of how long a profile's files took."""
    blocks = ["# Rates and distortions", LEAD, "![PSNR over bits per pixel](rates.svg)"]
    blocks.append("The same to look at more closely, with pictures: [rates.html](rates.html).")
    blocks += [f"{title} is not measured here: {reason}." for title, reason in ABSENT.items()]
    for panel in panels:
        blocks += [f"## {panel.profile}", f"{panel.words}.", *panel.notes]
        if address := seconds.get(panel.profile):
            blocks.append(f"[How long the files took]({address}).")
        blocks += [pipe(*measured(panel, comparison)), pipe(*bits(panel, comparison))]
        if said := rates_words.verdicts(panel, comparison):
            blocks.append("\n".join(f"* {sentence}" for sentence in said))
        if of_images := list(rates_images.tables(panel, comparison)):
            blocks += [rates_images.LEAD, *(pipe(*table) for table in of_images)]
        if (table := rates_single.table(panel, comparison))[1]:
            blocks += [rates_single.LEAD, pipe(*table)]
        if (table := similar(panel, comparison))[1]:
            blocks += [SIMILAR, pipe(*table)]
        if (table := gained(panel, comparison))[1]:
            blocks += [GAINED, pipe(*table), "\n".join(f"* {sentence}" for sentence in paid(panel, comparison))]
        if panel.parts:
            blocks.append(rates_parts.LEAD)
            for each in panel.parts.items():
                blocks += [pipe(*rates_parts.table(*each)), rates_words.of_parts(*each)]
        if panel.published:
            links = {each.label: f"[{each.label}]({each.paper}), [numbers]({each.source})" for each in panel.published}
            heads, rows = published(panel, comparison)
            notes = [f"* {each.label}: {each.note}" for each in panel.published if each.note]
            blocks += [pipe(heads, [[links[label], *row] for label, *row in rows])]
            blocks.append(pipe(*published_bits(panel, comparison)))
            if (table := published_similar(panel, comparison))[1]:
                blocks.append(pipe(*table))
            blocks.append("\n".join(notes))
    return "\n\n".join(blocks) + "\n"


def measured(panel: Panel, comparison: Comparison) -> Table:
    """PSNR of each series at some rates."""
    return _qualities("Measured here", panel.series, comparison)


def bits(panel: Panel, comparison: Comparison) -> Table:
    """The BD-rate of each series to each anchor but itself, image by image."""
    rows = []
    for each in panel.series:
        found = (
            mean_bd_rate(panel.images_of(anchor), each.by_image) if anchor != each.key else None
            for anchor in comparison.anchors
        )
        rows.append([each.label, *(str(rate or DASH) for rate in found)])
    return _against(comparison), rows


def similar(panel: Panel, comparison: Comparison) -> Table:
    """The MS-SSIM of each series at some rates: a table's heads, and its rows; none of small images."""
    return _similarities("MS-SSIM", panel.series, comparison)


def gained(panel: Panel, comparison: Comparison) -> Table:
    """Of methods of fields at equal bits what each shows more than another, image by image: a table's heads and rows.

    No rows if no two methods are compared, or if they are measured on fewer than three images.
    """
    found = _compared(panel, comparison)
    if not found:
        return [], []
    heads = ["At equal bits", *(f"at {bpp:g} bpp" for bpp in next(iter(found.values())))]
    return heads, [
        [f"{method} less {other}", *(str(each or DASH) for each in rates.values())]
        for (method, other), rates in found.items()
    ]


def paid(panel: Panel, comparison: Comparison) -> list[str]:
    """Whether what each method has more than another pays for its bits: a sentence each."""
    sentences = []
    for (method, other), found in _compared(panel, comparison).items():
        rates: dict[str, list[str]] = {}
        for bpp, each in found.items():
            if each:
                verdict = ("pays" if each.mean > 0 else "does not pay") if each.clear else "within chance"
                rates.setdefault(verdict, []).append(f"{bpp:g}")
        said = "; ".join(f"{verdict} at {' and '.join(at)} bpp" for verdict, at in rates.items())
        sentences += [f"{method}, against {other}: {said}."] if said else []
    return sentences


def _compared(panel: Panel, comparison: Comparison) -> dict[tuple[str, str], dict[float, Difference | None]]:
    """Of the labels of methods that are compared, by rate, the difference in PSNR at equal bits; None where there are
    no files of both."""
    asked = comparison.profiles[panel.profile].compressed
    if asked is None or len(panel.images) < FEWEST:
        return {}
    known = {each.key.rpartition("/")[2]: each for each in panel.series if each.kind == "field"}
    pairs = [(known[method], known[other]) for method, other in asked.pairs if {method, other} <= known.keys()]
    return {(a.label, b.label): {bpp: _less(a, b, bpp) for bpp in asked.bpp} for a, b in pairs}


def _less(other: Series, first: Series, bpp: float) -> Difference | None:
    psnr = [each.rows[each.rows["setting"] == f"{bpp:g}"].set_index("image")["psnr"] for each in (other, first)]
    return difference(*psnr) if all(map(len, psnr)) else None


def published(panel: Panel, comparison: Comparison) -> Table:
    """PSNR of each published curve at some rates."""
    return _qualities("Published", panel.published, comparison)


def published_similar(panel: Panel, comparison: Comparison) -> Table:
    """The MS-SSIM of those published curves whose source has it."""
    return _similarities("Published MS-SSIM", panel.published, comparison)


def published_bits(panel: Panel, comparison: Comparison) -> Table:
    """The BD-rate of each published curve to the anchors' means."""
    anchors = [panel.of(anchor) for anchor in comparison.anchors]
    rows = []
    for each in panel.published:
        against = [bd_rate(anchor.curve, each.curve) if anchor else None for anchor in anchors]
        rows.append([each.label, *(DASH if found is None else f"{number(found, 1, '+')} %" for found in against)])
    return _against(comparison), rows


def _qualities(first: str, lines: Sequence[Series] | Sequence[Published], comparison: Comparison) -> Table:
    heads = [first, *(f"dB at {bpp:g} bpp" for bpp in comparison.bpp)]
    return heads, [[each.label, *(number(each.curve.at(bpp)) for bpp in comparison.bpp)] for each in lines]


def _similarities(first: str, lines: Sequence[Series] | Sequence[Published], comparison: Comparison) -> Table:
    heads = [first, *(f"at {bpp:g} bpp" for bpp in comparison.bpp)]
    return heads, [
        [each.label, *(number(each.similarity.at(bpp), 4) for bpp in comparison.bpp)]
        for each in lines
        if each.similarity
    ]


def _against(comparison: Comparison) -> list[str]:
    return ["BD-rate", *(f"to {CODECS[anchor].title}" for anchor in comparison.anchors)]
