"""How many bits each way of coding saves over half precision, which is what is published of such fits: a page.

Bits are compared at equal PSNR: that of each network's file in half precision. Both take there what their rate curves
say, over all networks and settings, or each network's settings where others are its rivals (`Paper.curves_of`), image
by image: between the files that are better than all smaller ones, the logarithm of bits per pixel is taken to be linear
in PSNR. Where even the smallest file is better, it counts as it is.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.reports.results import pipe
from refield.scores.numbers import DASH, number
from refield.scores.rates import Curve, read_rates

PLAIN = "half"  # the way of coding that all others are compared with
CODECS = {
    PLAIN: "weights in half precision",
    "uniform": "one step a tensor, and a range coder",
    "steps": "steps by sensitivity, sought for a size, and a range coder",
    "rounded": "`steps`, and weights rounded up or down by the image's error",
    "aware": "`rounded`, and training that knows of the steps",
}
LEARNED = ("rounded", "aware")  # which descend on the image's error, and so may make a better fit
CURVES = {"all": "over networks and settings", "each": "over the settings of one network"}


def rates_of(folder: Path, params: Params) -> pd.DataFrame:
    """Rows of profile, method, image, codec, bpp, psnr, in the order of params.yaml; `UserError` names a bad file."""
    frames = []
    for profile in params.profiles:
        for method in params.methods:
            if (file := folder / profile / f"{method}.csv").exists():
                frames.append(read_rates(file).assign(profile=profile, method=method))
    columns = ["profile", "method", "image", "codec", "bpp", "psnr"]
    return pd.concat(frames)[columns] if frames else pd.DataFrame(columns=columns)


def gains(rates: pd.DataFrame, curves_of: Literal["all", "each"] = "all") -> pd.DataFrame:
    """Of one profile: a row for each method, codec but the plain one, and image; `curves_of` as a paper has it.

    Columns `psnr`, of the method's file in half precision, and what that takes on the curve of half precision, `plain`,
    and on the codec's, `bpp`; not a number where none of its files is as good.
    """
    rows = []
    for (image, *_), of_image in rates.groupby(["image", *(["method"] if curves_of == "each" else [])], sort=False):
        parts = of_image.groupby("codec", sort=False)
        curves = {codec: Curve.of(part["bpp"], part["psnr"]) for codec, part in parts}
        for file in of_image[of_image["codec"] == PLAIN].to_dict("records"):
            for codec in [codec for codec in curves if codec != PLAIN]:
                bpp = [_at(file["psnr"], curves[each]) for each in (PLAIN, codec)]
                rows.append((file["method"], codec, image, file["psnr"], *bpp))
    return pd.DataFrame(rows, columns=["method", "codec", "image", "psnr", "plain", "bpp"])


def page(rates: pd.DataFrame, paper: Paper, seconds: Mapping[str, str] | None = None) -> str:
    """The gains of each profile, in Markdown; the same rates give the same bytes. `seconds` are the addresses of pages
    that say how long a profile's files took."""
    blocks = [
        "# What better coding of the same weights gains",
        "Bits per pixel of whole files at the PSNR of each network's file in half precision, which is what is "
        "published, and in brackets how many fewer they are. Every way of coding is read off its own rate curve, "
        f"{CURVES[paper.curves_of]}, image by image; a mean is over images. A dash: on some image none of its files is "
        "as good. What learns descends on the image's error: of a fit that has not converged it makes a better one, "
        "and that is no gain of coding.",
    ]
    for profile, rows in rates.groupby("profile", sort=False):
        found = gains(rows, paper.curves_of)
        listed = [f"* `{codec}`: {CODECS[codec]}." for codec in CODECS if codec in set(rows["codec"])]
        blocks += [f"## {profile}", "\n".join(listed), _table(found, rows, paper)]
        if len(found):
            blocks.append(_verdict(found))
        if link := (seconds or {}).get(str(profile)):
            blocks.append(f"[How long it took]({link}) to code and to decode, by way of coding and setting.")
    return "\n\n".join(blocks) + "\n"


def _table(found: pd.DataFrame, rates: pd.DataFrame, paper: Paper) -> str:
    """A line for each network, and one for the mean saving over those that every codec reaches."""
    codecs = _codecs(found)
    lines = []
    for method, plain in rates[rates["codec"] == PLAIN].groupby("method", sort=False):
        own = [found[(found["method"] == method) & (found["codec"] == codec)] for codec in codecs]
        line = [paper.label(str(method)), number(plain["psnr"].mean()), number(plain["bpp"].mean(), 3)]
        lines.append([*line, *(_cell(part) for part in own)])
    by_codec = found.pivot(index=["method", "image"], columns="codec", values="bpp")
    reached = by_codec.dropna().index
    everywhere = found.set_index(["method", "image"]).loc[reached]
    if len(reached):
        means = [_percent(_saved(everywhere[everywhere["codec"] == codec])) for codec in codecs]
        lines.append(["mean saving where all reach it", "", "", *means])
    return pipe(["network", "PSNR in dB", PLAIN, *codecs], lines)


def _cell(rows: pd.DataFrame) -> str:
    mean = float(rows["bpp"].mean(skipna=False))
    return DASH if math.isnan(mean) else f"{number(mean, 3)} ({_percent(_saved(rows))})"


def _verdict(found: pd.DataFrame) -> str:
    """Whether quantised and entropy-coded weights take less than half of the bits at equal PSNR.

    Where what learns saves most, the same is said of what does not: only that is a gain of coding alone.
    """
    if (best := _best(found)) is None:
        return "No way of coding reaches the PSNR of half precision on any image."
    sentences = [
        "Are quantised and entropy-coded weights below half of the bits of half precision at equal PSNR?",
        _answer(found, best),
    ]
    unlearned = found[~found["codec"].isin(LEARNED)]
    if best in LEARNED and len(unlearned):
        alone = _best(unlearned)
        sentences += ["And without learning?", _answer(unlearned, alone) if alone else "No such file is as good."]
    return " ".join(sentences)


def _best(found: pd.DataFrame) -> str | None:
    """The way of coding that saves most, on average over what its files reach; None if they reach nothing."""
    known = found.dropna(subset="bpp")
    saved = {str(codec): _saved(part) for codec, part in known.groupby("codec", sort=False)}
    return max(saved, key=lambda codec: saved[codec], default=None)


def _answer(found: pd.DataFrame, codec: str) -> str:
    own = found[found["codec"] == codec]
    known = own.dropna(subset="bpp")
    wins = int((2 * known["bpp"] < known["plain"]).sum())
    beyond = f", leaving out {left} where none of its files is as good" if (left := len(own) - len(known)) else ""
    return (
        f"**{'Yes' if _saved(known) > 0.5 else 'No'}**{beyond}: `{codec}` saves {_percent(_saved(known))} on average, "
        f"and more than half in {wins} of {len(known)} pairs of an image and a network."
    )


def _at(psnr: float, curve: Curve) -> float:
    """The bits per pixel of a curve at a PSNR; not a number above all of its own."""
    return float(np.exp2(np.interp(psnr, curve.quality, np.log2(curve.bpp), right=math.nan)))


def _saved(rows: pd.DataFrame) -> float:
    """The mean part of the bits that is saved."""
    return float((1 - rows["bpp"] / rows["plain"]).mean(skipna=False))


def _percent(part: float) -> str:
    return DASH if math.isnan(part) else f"{number(100 * part, 0)} %"


def _codecs(found: pd.DataFrame) -> list[str]:
    """Those of some gains, in the order of the steps."""
    known: Mapping[str, int] = {codec: i for i, codec in enumerate(CODECS)}
    return sorted(set(found["codec"]), key=lambda codec: (known.get(codec, len(known)), codec))
