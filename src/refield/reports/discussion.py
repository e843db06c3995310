"""What a paper's gain is made of, in words and tables whose every number is computed from scores."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from refield.config import Params
from refield.errors import UserError
from refield.papers import Discussion, Gain, Paper
from refield.papers.discussion import Shown
from refield.reports import differences, heatmap, progress
from refield.reports.across import section_of
from refield.reports.choices import choices
from refield.reports.combinations import SEED, called
from refield.reports.contests import contests
from refield.reports.course import course
from refield.reports.decided import decided
from refield.reports.description import entry, kind, scale
from refield.reports.matched import matched
from refield.reports.measures import named
from refield.reports.results import Results, Scores, scores_of, unit
from refield.reports.sensitivity import SECTIONS
from refield.reports.variation import best, sequences, table
from refield.scores.paired import difference
from refield.study import varied
from refield.tasks import TASKS

FEWEST = 8  # images for a profile to be discussed
METHOD = (
    "A difference is the mean over images of {of}, image by image, with its 95 % confidence interval (Student's "
    "t); p is Wilcoxon's signed-rank test. The interval is over images, for one seed"
)
NOT_RUN = "This study has not been run yet, or not to its end."
BELOW = ": what another {} changes stands below"
VARIED = {SEED: "seed", "learning_rate": "rate"}  # what keys of studies are called, by their ends; else settings


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
    if not plan:
        raise UserError("the paper has no discussion, which names differences of methods and says what they mean")
    known = {measure.name: measure for measure in TASKS[paper.protocol.task].measures}
    others = [known[name] for name in plan.measures]
    method = METHOD.format(of=", or of ".join(["PSNR in dB", *(measure.title for measure in others)]))
    shown = [studies[section.study] for section in plan.studies if section.study in studies]
    blocks = [f"# {plan.title}", f"{origin} {method}{_below(shown)}."]
    for profile in scores.profiles(params):
        found = scores_of(scores, profile, params)
        if kind(profile, params) != paper.protocol.task:
            if told := [*_of_another_task(found, plan, paper.of(entry(profile, params)))]:
                ranked = f"{found.ranking.title}{unit(found.ranking) and f' in{unit(found.ranking)}'}"
                lead = f"Another task: {scale(profile, found, params)}. Differences are of {ranked}."
                blocks += [f"## {profile}", lead, *told]
            continue
        psnr = found.by_image()
        if len(psnr.dropna()) >= FEWEST and _has_any(psnr, plan, paper):
            blocks += [f"## {profile}", *_words(psnr, plan, paper)]
            blocks += _differences(found, plan, paper)
            for measure in others:
                if rows := differences.named(found.ranked_by(measure.name), plan.asked, plan, paper):
                    blocks += [f"In {measure.title}:", rows]
            blocks += course(curves.of(profile), plan.course, gain, paper)
        elif profile in params.profiles and not paper.protocol.differences(params.profiles[profile]):
            needs = ": it needs a CUDA GPU" if params.profiles[profile].device == "cuda" else ""
            blocks += [f"## {profile}", f"Not run yet{needs}."]
    blocks += decided(scores, curves, params, paper)
    if plan.across:
        blocks += [f"## {plan.across.title}", *section_of(plan.across, scores, curves, params, paper)]
    if plan.claims:
        by = "The paper's claims" if paper.claims_by == "paper" else "What is claimed here"
        blocks += [f"## {by}, across profiles and settings", *contests(plan.claims, scores, studies, params, paper)]
    for section in plan.studies:
        blocks += [f"## {section.title}", *([section.words] if section.words else [])]
        if section.study in studies:
            blocks += _shown(called(studies[section.study], section.called, section.study), section, gain, paper)
        else:
            blocks.append(NOT_RUN)
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


def _shown(scores: pd.DataFrame, section: Shown, gain: Gain | None, paper: Paper) -> Iterator[str]:
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
        case "matched":
            return matched(scores, paper)
        case "heatmap":
            return heatmap.heatmap(scores, section.study, paper)
        case "progress":
            return progress.progress(scores, section.study)
    assert gain  # as the paper's own check has it of these
    return SECTIONS[section.show](scores, gain, others, paper)


def _below(studies: Sequence[pd.DataFrame]) -> str:
    """What the studies that have been run vary: seeds, rates, and whatever else."""
    kinds = [
        next((kind for end, kind in VARIED.items() if key.endswith(end)), "setting")
        for study in studies
        for key in varied(study)
        if study[key].astype(str).nunique() > 1
    ]
    *first, last = [kind for kind in (*VARIED.values(), "setting") if kind in kinds] or [""]
    return BELOW.format(f"{', '.join(first)} or {last}" if first else last) if last else ""


def _differences(scores: Scores, plan: Discussion, paper: Paper) -> Iterator[str]:
    """Of the gain and its parts, and of the other controls, those that there are."""
    parts, others = (differences.named(scores, names, plan, paper) for names in (plan.of_the_gain, plan.others))
    yield from filter(None, [parts, "Other controls:" if parts and others else "", others])


def _of_another_task(scores: Scores, plan: Discussion, paper: Paper) -> Iterator[str]:
    """The same differences there, in what ranks methods, and beside what needs no field."""
    yield from _differences(scores, plan, paper)
    yield from differences.less_the_best(scores, plan.controls, paper)


def _has_any(psnr: pd.DataFrame, plan: Discussion, paper: Paper) -> bool:
    """Whether there are scores of both methods of a difference."""
    return any({*paper.difference(name)} <= {*psnr} for name in plan.asked)


def _words(psnr: pd.DataFrame, plan: Discussion, paper: Paper) -> list[str]:
    """The gain and its parts in the paper's words, if it has any."""
    if not plan.words:
        return []
    pairs = {name: paper.difference(name) for name in plan.told}
    if not {method for pair in pairs.values() for method in pair} <= set(psnr):
        return ["Some of the controls have not been run here."]
    return [plan.words.format(**{name: difference(psnr[a], psnr[b]) for name, (a, b) in pairs.items()})]
