"""How many bits each way of coding saves over half precision, which is what is published of such fits: a page.

Bits are compared at equal PSNR: where a network's file in half precision has some PSNR, a way of coding has that PSNR
between two of its own files of the same image, of any network and setting. There the logarithm of bits per pixel is
taken to be linear in PSNR, between the files that are better than all smaller ones.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from refield.config import Params
from refield.papers import Paper
from refield.reports.results import pipe
from refield.scores import rates as files
from refield.scores.numbers import DASH, number

PLAIN = "half"  # the way of coding that all others are compared with
CODECS = {
    PLAIN: "half precision",
    "uniform": "one step a tensor, range-coded",
    "steps": "steps by sensitivity, range-coded",
    "rounded": "the same with learned rounding",
    "aware": "the same after quantisation-aware training",
}


def read_rates(folder: Path, params: Params) -> pd.DataFrame:
    """Rows of profile, method, image, codec, bpp, psnr, in the order of params.yaml; `UserError` names a bad file."""
    frames = []
    for profile in params.profiles:
        for method in params.methods:
            if (file := folder / profile / f"{method}.csv").exists():
                frames.append(files.read_rates(file).assign(profile=profile, method=method))
    columns = ["profile", "method", "image", "codec", "bpp", "psnr"]
    return pd.concat(frames)[columns] if frames else pd.DataFrame(columns=columns)


def gains(rates: pd.DataFrame) -> pd.DataFrame:
    """Of one profile: a row for each method and codec but the plain one, and image.

    Columns `plain`, the bits per pixel of half precision, `psnr`, its PSNR, and `bpp`, what the codec takes for that;
    not a number where none of its files is as good, or none as bad.
    """
    rows = []
    for image, of_image in rates.groupby("image", sort=False):
        parts = {codec: part for codec, part in of_image.groupby("codec", sort=False) if codec != PLAIN}
        others = {codec: files.Curve.of(part["bpp"], part["psnr"]) for codec, part in parts.items()}
        for plain in of_image[of_image["codec"] == PLAIN].to_dict("records"):
            for codec, curve in others.items():
                log_bpp = np.interp(plain["psnr"], curve.psnr, np.log2(curve.bpp), left=math.nan, right=math.nan)
                bpp = float(np.exp2(log_bpp))
                rows.append((plain["method"], codec, image, plain["psnr"], plain["bpp"], bpp))
    return pd.DataFrame(rows, columns=["method", "codec", "image", "psnr", "plain", "bpp"])


def page(rates: pd.DataFrame, params: Params, paper: Paper) -> str:
    """The gains of each profile, in Markdown; the same rates give the same bytes."""
    blocks = [
        "# What better coding of the same weights gains",
        "Bits per pixel are those of whole files. At the PSNR of each network's file in half precision, which is what "
        "is published, every other way of coding is read off its own rate curve, over networks and settings, image by "
        "image. A mean is over images; a dash means that on some image none of its files is as good, as is usual of "
        "the largest network.",
    ]
    for profile, rows in rates.groupby("profile", sort=False):
        found = gains(rows)
        blocks += [f"## {profile}", _table(found, rows, paper)]
        if len(found):
            blocks.append(_verdict(found, paper))
    return "\n\n".join(blocks) + "\n"


def _table(found: pd.DataFrame, rates: pd.DataFrame, paper: Paper) -> str:
    heads = ["network", "PSNR in dB", "half precision, bpp", *(f"{_named(codec)}, bpp" for codec in _codecs(found))]
    heads += [f"{_named(codec)}, saved" for codec in _codecs(found)]
    lines = []
    for method, plain in rates[rates["codec"] == PLAIN].groupby("method", sort=False):
        own = found[found["method"] == method]
        means = {codec: part["bpp"].mean(skipna=False) for codec, part in own.groupby("codec")}
        saved = {codec: _saved(part) for codec, part in own.groupby("codec")}
        line = [paper.label(str(method)), number(plain["psnr"].mean()), number(plain["bpp"].mean(), 3)]
        line += [number(means[codec], 3) for codec in _codecs(found)]
        lines.append([*line, *(_percent(saved[codec]) for codec in _codecs(found))])
    return pipe(heads, lines)


def _verdict(found: pd.DataFrame, paper: Paper) -> str:
    """Whether quantised and entropy-coded weights take less than half of the bits at equal PSNR."""
    known = found.dropna(subset="bpp")
    if known.empty:
        return "No way of coding reaches the PSNR of half precision on any image."
    saved = {str(codec): _saved(part) for codec, part in known.groupby("codec", sort=False)}
    best = max(saved, key=lambda codec: saved[codec])
    wins = int((2 * known.loc[known["codec"] == best, "bpp"] < known.loc[known["codec"] == best, "plain"]).sum())
    count = int((known["codec"] == best).sum())
    said = "Yes" if saved[best] > 0.5 else "No"
    return (
        "Are quantised and entropy-coded weights below half of the bits of half precision at equal PSNR? "
        f"**{said}**: {_named(best)} saves {_percent(saved[best])} on average, and more than half in {wins} of {count} "
        "pairs of an image and a network."
    )


def _saved(rows: pd.DataFrame) -> float:
    """The mean part of the bits that is saved."""
    return float((1 - rows["bpp"] / rows["plain"]).mean(skipna=False))


def _percent(part: float) -> str:
    return DASH if math.isnan(part) else f"{number(100 * part, 0)} %"


def _codecs(found: pd.DataFrame) -> list[str]:
    """Those of some gains, in the order of the steps."""
    known: Mapping[str, int] = {codec: i for i, codec in enumerate(CODECS)}
    return sorted(set(found["codec"]), key=lambda codec: (known.get(codec, len(known)), codec))


def _named(codec: str) -> str:
    return CODECS.get(codec, codec)
