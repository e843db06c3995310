r"""tables.tex: the paper's tables with our numbers, for `\input` into a document that loads booktabs."""

import pandas as pd

from refield.config import Params
from refield.papers import Paper, Table
from refield.reports.results import STATISTICS, Results, Scores, scores_of, unit
from refield.reports.statistics import beside, comparable
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number

SPECIAL = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"})


def latex(statistics: pd.DataFrame, results: Results, params: Params, paper: Paper) -> str:
    """One float per profile and table, from `statistics.tidy`."""
    floats = []
    for name, rows in statistics.groupby("profile", sort=False):
        profile = str(name)
        scores, elsewhere = scores_of(results, profile, params), not comparable(profile, params, paper)
        remark = "; the published values are at another scale" if paper.published and elsewhere else ""
        for table in beside(profile, params, paper):
            floats.append(_float(profile, rows[rows["table"] == table.number], table, scores, remark))
    return "% Generated; needs \\usepackage{booktabs}.\n" + "\n".join(floats)


def _float(profile: str, rows: pd.DataFrame, table: Table, scores: Scores, remark: str) -> str:
    images = rows["images"].max()
    measured = f"Profile {profile}, {images} images" if images else f"Profile {profile}, not run"
    columns = [(name, scores.ranking.digits) for name in (*STATISTICS, *(f"published_{name}" for name in STATISTICS))]
    columns += [(measure.name, measure.digits) for measure in _others(scores)]
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering\small",
        f"  \\caption{{{escape(f'{table.caption}. {measured}{remark}.')}}}",
        f"  \\label{{tab:{profile.replace('_', '-')}-{table.number}}}",
        r"  \smallskip",
        *_head(scores),
    ]
    for _, row in rows.iterrows():
        cells = [_cell(row[name], digits) for name, digits in columns]
        lines.append(f"    {' & '.join([escape(row['label']), *cells])} \\\\")
    return "\n".join([*lines, r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""])


def _head(scores: Scores) -> list[str]:
    """The lines above the rows: one heading over the statistics, one over the published, one for each other measure."""
    count, others = len(STATISTICS), _others(scores)
    ranked = escape(scores.ranking.title) + (f" ({unit(scores.ranking).strip()})" if unit(scores.ranking) else "")
    spans = [f"\\multicolumn{{{count}}}{{c}}{{{ranked}{which}}}" for which in ("", ", published")]
    heads = ["Method", *STATISTICS, *STATISTICS, *(escape(measure.title) for measure in others)]
    return [
        f"  \\begin{{tabular}}{{l*{{{2 * count + len(others)}}}{{r}}}}",
        r"    \toprule",
        f"    & {' & '.join(spans)} & {'& ' * (len(others) - 1)}\\\\",
        f"    \\cmidrule(lr){{2-{count + 1}}}\\cmidrule(lr){{{count + 2}-{2 * count + 1}}}",
        f"    {' & '.join(heads)} \\\\",
        r"    \midrule",
    ]


def _others(scores: Scores) -> list[Measure]:
    return [*scores.others, *filter(None, [scores.bits])]


def escape(text: str) -> str:
    return text.translate(SPECIAL)


def _cell(value: float, digits: int) -> str:
    return {DASH: "--", "∞": r"$\infty$"}.get(text := number(value, digits), text)
