r"""tables.tex: the paper's tables with our numbers, for `\input` into a document that loads booktabs."""

import pandas as pd

from refield.config import Params
from refield.papers import Paper, Table
from refield.results import DASH, STATISTICS, number
from refield.tables import comparable

SPECIAL = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"})
COLUMNS = [*STATISTICS, *(name.replace("psnr", "published") for name in STATISTICS), "ssim", "iou", "bpp"]
DIGITS = [2] * 6 + [4, 4, 2]

HEAD = r"""  \begin{tabular}{l*{9}{r}}
    \toprule
    & \multicolumn{3}{c}{PSNR (dB)} & \multicolumn{3}{c}{PSNR (dB), published} & & & \\
    \cmidrule(lr){2-4}\cmidrule(lr){5-7}
    Method & average & highest & lowest & average & highest & lowest & SSIM & IoU & bpp \\
    \midrule"""


def latex(statistics: pd.DataFrame, params: Params, paper: Paper) -> str:
    """One float per profile and table, from `tables.tidy`."""
    floats = []
    for profile, rows in statistics.groupby("profile", sort=False):
        for table in paper.tables:
            here = rows[rows["table"] == table.number]
            floats.append(_float(str(profile), here, table, comparable(str(profile), params, paper)))
    return "% Generated; needs \\usepackage{booktabs}.\n" + "\n".join(floats)


def _float(profile: str, rows: pd.DataFrame, table: Table, same_scale: bool) -> str:
    images = rows["images"].max()
    measured = f"Profile {profile}, {images} images" if images else f"Profile {profile}, not run"
    remark = "" if same_scale else "; the published values are at another scale"
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering\small",
        f"  \\caption{{{escape(f'{table.caption}. {measured}{remark}.')}}}",
        f"  \\label{{tab:{profile.replace('_', '-')}-{table.number}}}",
        r"  \smallskip",
        HEAD,
    ]
    for _, row in rows.iterrows():
        cells = [_cell(row[key], digits) for key, digits in zip(COLUMNS, DIGITS, strict=True)]
        lines.append(f"    {' & '.join([escape(row['label']), *cells])} \\\\")
    return "\n".join([*lines, r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""])


def escape(text: str) -> str:
    return text.translate(SPECIAL)


def _cell(value: float, digits: int) -> str:
    return {DASH: "--", "∞": r"$\infty$"}.get(text := number(value, digits), text)
