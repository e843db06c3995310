"""Which stages `dvc repro` would run, and why.

DVC's own dry run stops at the first stage whose inputs are not there yet, and knows nothing of units."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from refield import yaml
from refield.config import Params
from refield.errors import UserError, one_line, shown
from refield.pipeline import lock, units
from refield.pipeline.clone import copy_tracked
from refield.pipeline.layout import Layout
from refield.settings import key_shown
from refield.units.unit import Unit

CACHE = Path(".dvc/cache/files/md5")


@dataclass
class Stage:
    """A stage of dvc.yaml with its templates resolved; paths as written there."""

    name: str
    command: str
    deps: list[str]
    params: dict[str, list[str]]  # file -> keys, none for the whole file
    outs: list[str]


@dataclass
class Planned:
    """A stage that would run: for reasons of its own, or `after` others that give it new inputs."""

    name: str
    reasons: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def to_run(
    layout: Layout, params: Params, locked: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[dict[str, Stage], list[Planned]]:
    """All stages, and those that `dvc repro` would run, in order."""
    with tempfile.TemporaryDirectory() as folder:
        copy_tracked(Path(folder), changes, layout.params)
        stages = read_stages(Path(folder), layout.pipeline)
        values = yaml.load(Path(folder) / layout.params)
    return stages, plan(layout, stages, locked, values, params)


def read_stages(folder: Path, pipeline: Path) -> dict[str, Stage]:
    """A pipeline's stages in a clone, by name, in the order in which they may run."""
    from dvc.dependency import ParamsDependency
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(folder)) as repo:
            found = [stage for stage in repo.index.stages if stage.path_in_repo == pipeline.as_posix()]
    except DvcException as error:
        raise UserError(f"DVC cannot read {pipeline}, `dvc status` says why: {one_line(error)}") from None
    stages = {
        stage.name: Stage(
            stage.name,
            stage.cmd,
            [dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)],
            {dep.def_path: list(dep.params) for dep in stage.deps if isinstance(dep, ParamsDependency)},
            [out.def_path for out in stage.outs],
        )
        for stage in found
    }
    order = TopologicalSorter({name: producers(stage, stages) for name, stage in stages.items()}).static_order()
    return {name: stages[name] for name in order}


def producers(stage: Stage, stages: Mapping[str, Stage]) -> list[str]:
    """The stages whose results this one reads."""
    return [
        name for name, other in stages.items() if any(overlap(dep, out) for dep in stage.deps for out in other.outs)
    ]


def overlap(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")


def plan(
    layout: Layout, stages: Mapping[str, Stage], locked: Mapping[str, Any], values: Any, params: Params
) -> list[Planned]:
    """What would run, in order; `locked` are the entries of dvc.lock, `values` those of params.yaml."""
    made = [out for stage in stages.values() for out in stage.outs]
    planned: dict[str, Planned] = {}
    for name, stage in stages.items():
        before = [
            other
            for other in producers(stage, stages)
            if other in planned and passes_on(layout, other, stage, params, list(planned.values()))
        ]
        reasons = list(reasons_of(stage, locked.get(name), values, made))
        if reasons or before:
            planned[name] = Planned(name, reasons, before)
    return list(planned.values())


def passes_on(layout: Layout, name: str, follower: Stage, params: Params, planned: Sequence[Planned]) -> bool:
    """Whether a stage that runs may give a follower new inputs: none are the same keys, nor the same settings."""
    if name == "check":
        return any(
            file.as_posix() in follower.deps and not holds(file, text)
            for file, text in units.of_all(layout, params).items()
        )
    if not name.startswith("wanted@"):
        return True
    profile = name.removeprefix("wanted@")
    if (layout.reports / "wanted" / profile).as_posix() in follower.deps and any(
        not inputs_are_made(params, profile, method, planned)
        or not holds(layout.wanted(profile, method), units.wanted(layout, params, profile, method))
        for method in params.methods_of(profile)
    ):
        return True
    return any(
        file.as_posix() in follower.deps and not holds(file, text)
        for file, text in units.of_profile(layout, params, profile).items()
    )


def holds(file: Path, text: str) -> bool:
    """Whether a file is there and has this text."""
    return file.exists() and file.read_text() == text


def inputs_are_made(params: Params, profile: str, method: str, planned: Sequence[Planned]) -> bool:
    """Whether no stage is about to make images or maps of a method's units, or what their task looks with."""
    inputs = [f"{stage}@{profile}" for stage in ("download", "prepare", "masks", "unet")]
    return not any(stage.name in (*inputs, f"segment@{profile}-{params.map(profile, method)}") for stage in planned)


def reasons_of(stage: Stage, entry: Any, values: Any, made: Sequence[str]) -> Iterator[str]:
    """In what a stage differs from its entry in dvc.lock; `made` are paths that stages make."""
    if entry is None:
        yield "has never run"
        return
    if entry["cmd"] != stage.command:
        yield f"its command was {entry['cmd']}"
    for file, keys in stage.params.items():
        old = entry.get("params", {}).get(file, {})
        new = {key: lookup(values, key) for key in keys} if keys else values
        yield from differences(old, new)
    known = {dep["path"]: dep["md5"] for dep in entry.get("deps", [])}
    for dep in stage.deps:
        if dep not in known:
            yield f"{dep} is a new dependency"
        elif not any(overlap(dep, out) for out in made) and lock.md5(Path(dep)) != known[dep]:
            yield f"{dep} has changed"
    for out in entry.get("outs", []):
        path, digest = Path(out["path"]), out["md5"]
        if not (path.exists() or (CACHE / digest[:2] / digest[2:]).exists()):
            yield f"{path} is neither here nor in the cache"


def differences(old: Any, new: Any, key: str = "") -> Iterator[str]:
    """Each leaf that differs, as "key: old → new"."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*new, *old]):
            inner = f"{key}.{name}" if key else str(name)
            if name not in old:
                yield f"{inner} is new"
            elif name not in new:
                yield f"{inner} is gone"
            else:
                yield from differences(old[name], new[name], inner)
    elif old != new:
        before, now = (key_shown(each) if isinstance(each, str) else shown(each) for each in (old, new))
        yield f"{key}: {before} → {now}"


def lookup(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def units_ready(layout: Layout, params: Params, profile: str, method: str, planned: Sequence[Planned]) -> list[Unit]:
    """The units of a method, unless an image or map of theirs is still to be made."""
    if not inputs_are_made(params, profile, method, planned):
        return []
    try:
        return units.read_units(layout, params, profile, method)
    except UserError:  # a map that is not there
        return []
