"""What a paper's gain is made of, in words and tables whose every number is computed from scores."""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.errors import UserError
from refield.papers import Discussion, Gain, Paper
from refield.papers.discussion import GAIN, Shown
from refield.reports import heatmap, progress
from refield.reports.across import section_of
from refield.reports.choices import choices
from refield.reports.contests import contests
from refield.reports.description import kind
from refield.reports.measures import difference_in, named
from refield.reports.results import Results, Scores, pipe, scores_of
from refield.reports.sensitivity import SECTIONS
from refield.reports.variation import best, sequences, table
from refield.scores.measure import Measure
from refield.scores.numbers import DASH, number
from refield.scores.paired import difference
from refield.tasks import TASKS

FEWEST = 8  # images for a profile to be discussed
COURSE = [0.1, 0.2, 0.4, 0.6, 0.8, 1.0]  # of the iterations
METHOD = (
    "A difference is the mean over images of {of}, image by image, with its 95 % confidence interval (Student's "
    "t); p is Wilcoxon's signed-rank test. The interval is over images, for one seed"
)
NOT_RUN = "This study has not been run yet, or not to its end."
BELOW = ": what another seed or rate changes stands below"


def discussion(
    origin: str,
    scores: Results,
    curves: Results,
    studies: Mapping[str, pd.DataFrame],
    params: Params,
    paper: Paper,
) -> str:
    """Markdown, from all profiles' scores and mean curves, and the scores of the studies that have been run to
    their end; `origin` says how it was made."""
    plan, gain = paper.discussion, paper.gain
    if not plan or not gain:
        raise UserError("the paper has no discussion, which names differences of methods and says what they mean")
    known = {measure.name: measure for measure in TASKS[paper.protocol.task].measures}
    others = [known[name] for name in plan.measures]
    method = METHOD.format(of=", or of ".join(["PSNR in dB", *(measure.title for measure in others)]))
    blocks = [f"# {plan.title}", f"{origin} {method}{BELOW if plan.studies else ''}."]
    for profile in scores.profiles(params):
        if kind(profile, params) != paper.protocol.task:
            continue
        found = scores_of(scores, profile, params)
        psnr = found.by_image()
        if len(psnr.dropna()) >= FEWEST and _has_any(psnr, plan, paper):
            blocks += [f"## {profile}", *_words(psnr, plan, paper)]
            blocks += _differences(found, [*plan.parts, GAIN], plan, paper)
            blocks += _differences(found, plan.others, plan, paper, "Other controls:")
            for measure in others:
                asked = [*plan.parts, GAIN, *plan.others]
                blocks += _differences(found.ranked_by(measure.name), asked, plan, paper, f"In {measure.title}:")
            blocks += _course(curves.of(profile), plan.course, gain, paper)
        elif profile in params.profiles and not paper.protocol.differences(params.profiles[profile]):
            needs = ": it needs a CUDA GPU" if params.profiles[profile].device == "cuda" else ""
            blocks += [f"## {profile}", f"Not run yet{needs}."]
    if plan.across:
        blocks += [f"## {plan.across.title}", *section_of(plan.across, scores, curves, params, paper)]
    if plan.claims:
        by = "The paper's claims" if paper.claims_by == "paper" else "What is claimed here"
        blocks += [f"## {by}, across profiles and settings", *contests(plan.claims, scores, studies, params, paper)]
    for section in plan.studies:
        blocks += [f"## {section.title}", *([section.words] if section.words else [])]
        blocks += _shown(studies[section.study], section, gain, paper) if section.study in studies else [NOT_RUN]
    return "\n\n".join(blocks) + "\n"


def charts(studies: Mapping[str, pd.DataFrame], paper: Paper) -> dict[str, Figure]:
    """The charts of what the discussion shows of these studies, by their names."""
    found: dict[str, Figure] = {}
    for section in paper.discussion.studies if paper.discussion else ():
        study = section.study
        if study in studies and section.show == "heatmap":
            found[study] = heatmap.chart(studies[study], study, paper)
        if study in studies and section.show == "progress":
            found[progress.name_of(study)] = progress.chart(studies[study], study, paper)
    return found


def _shown(scores: pd.DataFrame, section: Shown, gain: Gain, paper: Paper) -> Iterator[str]:
    """What a section shows of its study's scores."""
    others = [paper.difference(name) for name in section.differences]
    match section.show:
        case "choices":
            return choices(scores, section.against)
        case "table":
            return table(scores, others, paper, named(scores, section.measures, section.study))
        case "best":
            return best(scores, section.against, paper)
        case "sequences":
            return sequences(scores, paper)
        case "heatmap":
            return heatmap.heatmap(scores, section.study, paper)
        case "progress":
            return progress.progress(scores, section.study)
    return SECTIONS[section.show](scores, gain, others, paper)


def _differences(
    scores: Scores, names: Iterable[str], plan: Discussion, paper: Paper, lead: str | None = None
) -> list[str]:
    """A table of those differences that there are scores of, after its lead; nothing if there are none."""
    values, measure, rows = scores.by_image(), scores.ranking, []
    published = paper.published_in(measure.name) if measure.name in plan.measures else paper.published
    for name in names:
        first, second = paper.difference(name)
        if {first, second} <= set(values):
            told = first in published and second in published
            there = number(published[first] - published[second], measure.digits, "+") if told else DASH
            less = f"{paper.label(first)} less {paper.label(second)}"
            says = plan.gain if name == GAIN else plan.differences[name].says
            rows.append((less, says, *_cells(values[first], values[second], measure), there))
    heads = ["difference", "what it says", difference_in(measure), "95 %", "p", "images won", "published"]
    return [*filter(None, [lead]), pipe(heads, rows, words=2)] if rows else []


def _has_any(psnr: pd.DataFrame, plan: Discussion, paper: Paper) -> bool:
    """Whether there are scores of both methods of a difference."""
    return any({*paper.difference(name)} <= {*psnr} for name in (GAIN, *plan.parts, *plan.others))


def _course(curves: pd.DataFrame, methods: Iterable[str], gain: Gain, paper: Paper) -> list[str]:
    """The gain while the fits go on: mean PSNR over images at some iterations of those that most methods take, and at
    the last of methods that take more."""
    psnr = curves.pivot(index="iteration", columns="method", values="psnr")
    shown = [name for name in methods if name in psnr]
    if not shown:
        return []
    most = psnr.index[2 * psnr[shown].notna().sum(axis=1) > len(shown)]
    at = [most[(most - part * most.max()).map(abs).argmin()] for part in COURSE]
    at += sorted({psnr[name].last_valid_index() for name in shown if psnr[name].last_valid_index() > most.max()})
    heads, rows = ["iterations", *map(paper.label, shown)], [[f"{i:,}", *map(number, psnr.loc[i, shown])] for i in at]
    if {*gain.pair} <= {*psnr}:
        heads.append(f"{paper.label(gain.better)} less {paper.label(gain.worse)}")
        gaps = (psnr[gain.better] - psnr[gain.worse])[at]
        rows = [[*row, number(gap, sign="+")] for row, gap in zip(rows, gaps, strict=True)]
    return ["On the way there, before rounding to 8 bit:", pipe(heads, rows)]


def _words(psnr: pd.DataFrame, plan: Discussion, paper: Paper) -> list[str]:
    """The gain and its parts in the paper's words, if it has any."""
    if not plan.words:
        return []
    pairs = {name: paper.difference(name) for name in plan.told}
    if not {method for pair in pairs.values() for method in pair} <= set(psnr):
        return ["Some of the controls have not been run here."]
    return [plan.words.format(**{name: difference(psnr[a], psnr[b]) for name, (a, b) in pairs.items()})]


def _cells(first: pd.Series, second: pd.Series, measure: Measure) -> tuple[str, str, str, str]:
    found = difference(first, second)
    mean, low, high = (number(value, measure.digits, "+") for value in (found.mean, found.low, found.high))
    wins = found.wins if measure.higher_is_better else difference(second, first).wins
    p = "< 0.001" if found.p < 0.001 else f"{found.p:.3f}"
    return mean, f"{low} to {high}", p, f"{wins} of {found.images}"
