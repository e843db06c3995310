"""Is a clone of one piece: parameters, dvc.lock, scores, tables, README, cache?

Nothing is fetched, nor run unless it is asked for.
"""

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.pipeline import lock, readme, units
from refield.pipeline.clone import copy_tracked, dvc
from refield.pipeline.front import front
from refield.pipeline.layout import Layout
from refield.pipeline.pending import holds
from refield.reports import report, results

CODE = "src/refield"  # a dependency of stages whose results a fingerprint knows
ABSENT = {"deleted", "not in cache"}  # a clone without cache has no data, which makes nothing stale


def main(decode: bool = False, refit: int = 0) -> None:
    """DECODE all fits here as well, and fit REFIT of them anew."""
    layout = Layout()
    params = config.read()
    if broken := list(lock.left_half_written()):
        raise UserError("; ".join(broken))
    if not layout.lock.exists():
        raise UserError(f"{layout.lock} is missing; `dvc repro` writes it")
    locked = lock.locked_stages()
    profiles = {name.removeprefix("prepare@") for name in locked if name.startswith("prepare@")}
    require([*of_lock(params, locked, profiles), *of_tables(layout, params), *of_cache(locked)])
    print(f"dvc.lock is up to date for {', '.join(sorted(profiles))}; tables and README.md are what the scores give")
    if decode or refit:
        from refield.pipeline import audit  # torch, which takes a second

        require([*(audit.decoded(layout, params) if decode else []), *audit.refitted(layout, params, refit)])


def require(problems: Sequence[str]) -> None:
    """`UserError` with all problems, if there are any."""
    if problems:
        raise UserError(f"{len(problems)} found\n  " + "\n  ".join(problems))


def of_lock(params: Params, locked: Collection[str], profiles: Set[str]) -> list[str]:
    """Is dvc.lock up to date with code and parameters, for all profiles in it and the active ones?"""
    status = status_of_all([*params.runs, *sorted(profiles - set(params.runs))])
    # A study, or a stage of a profile that is not active, may never have run: it has no results that could be stale.
    wanted = {
        name: status[name]
        for name in status
        if name in locked or (":" not in name and profile_of(name) in (None, *params.runs))
    }
    remedy = "run `dvc repro` and commit dvc.lock and reports/"
    return [
        f"{name}: {problem}; {remedy}"
        for name, changes in wanted.items()
        for problem in (stale(changes) if name in locked else ["has never run"])
        if not (problem.endswith(f"{CODE} is modified") and same_result(name, params))
    ]


def same_result(name: str, params: Params) -> bool:
    """Whether a stage that depends on all code writes what it wrote: the same keys and settings."""
    kind, _, profile = name.partition("@")
    layout = Layout()
    if kind != "wanted":
        return kind == "check" and all(holds(file, text) for file, text in units.of_all(layout, params).items())
    if profile not in params.profiles:
        return False
    methods = params.methods_of(profile)
    files = {layout.wanted(profile, method): units.code(params, profile, method) for method in methods}
    return all(file.exists() and json.loads(file.read_text())["code"] == code for file, code in files.items()) and all(
        holds(file, text) for file, text in units.of_profile(layout, params, profile).items()
    )


def of_tables(layout: Layout, params: Params) -> Iterator[str]:
    """Do the committed scores give the committed tables?"""
    paper = papers.read(params.paper)
    scores = results.read_scores(layout.scores_of_all, params, paper.bits_per_weight)
    texts = report.texts(params, paper, scores) | {layout.index.name: front(layout, params, scores)}
    for name, text in texts.items():
        file = layout.reports / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            yield f"{file} is not what reports/scores give; run `dvc repro` and commit it"
    if readme.README.exists() and readme.README.read_text(encoding="utf-8") != readme.rendered():
        yield f"the results in {readme.README} are out of date; run `refield readme`"


def of_cache(locked: Mapping[str, Any]) -> Iterator[str]:
    """Are the cached results that dvc.lock names what they were? A clone without cache has none, and no problem."""
    cache = Path(dvc("cache", "dir").strip()) / "files/md5"

    def objects(md5: str) -> Iterator[Path]:
        path = cache / md5[:2] / md5[2:]
        if path.exists():
            yield path
            if md5.endswith(".dir") and hashed(path) == md5:
                for entry in json.loads(path.read_bytes()):
                    yield from objects(entry["md5"])

    for stage, entry in locked.items():
        for out in entry.get("outs", []):
            damaged = [path for path in objects(out.get("md5", "")) if hashed(path) != path.parent.name + path.name]
            if damaged:
                yield (
                    f"{stage}: {damaged[0]} of {out['path']} is damaged; remove it with {Path(out['path'])} "
                    "and run `dvc repro`, which takes the units from their store"
                )


def hashed(path: Path) -> str:
    """The name that DVC's cache gives to a file's content."""
    return hashlib.md5(path.read_bytes()).hexdigest() + path.suffix


def profile_of(stage: str) -> str | None:
    """quick for fit@quick-siren; None for a stage of all profiles."""
    return stage.partition("@")[2].partition("-")[0] or None


def status_of_all(profiles: list[str]) -> dict[str, list[Any]]:
    """`dvc status` of the tracked files as they are, were all these profiles active."""
    with tempfile.TemporaryDirectory() as folder:
        copy_tracked(Path(folder), {"runs": profiles})
        return json.loads(dvc("status", "--json", folder=Path(folder)))


def stale(changes: list[Any]) -> Iterator[str]:
    """What has changed since the stage ran, in words."""
    for change in changes:
        if isinstance(change, str):  # such as "changed command"
            yield change
            continue
        for kind, items in change.items():
            for item, state in items.items():
                if isinstance(state, dict):  # parameters, by key; all of params.yaml includes which profiles are active
                    yield from (f"{kind}: {item}:{key} is {how}" for key, how in state.items() if key != "runs")
                elif state not in ABSENT:
                    yield f"{kind}: {item} is {state}"
