"""Is dvc.lock up to date with the code and params.yaml, for every profile in it? Nothing is fetched or run."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from refield import config
from refield.errors import UserError
from stages.command import run

ABSENT = {"deleted", "not in cache"}  # a clone without cache has no data, which makes nothing stale


def main() -> None:
    active = config.read().runs
    if not Path("dvc.lock").exists():
        raise UserError("dvc.lock is missing; `dvc repro` writes it")
    locked = set(YAML(typ="safe").load(Path("dvc.lock"))["stages"])
    if Path("studies/dvc.lock").exists():
        locked |= {f"studies/dvc.yaml:{name}" for name in YAML(typ="safe").load(Path("studies/dvc.lock"))["stages"]}
    profiles = {name.removeprefix("prepare@") for name in locked if name.startswith("prepare@")}
    status = status_of_all([*active, *sorted(profiles - set(active))])
    # A study, or a stage of a profile that is not active, may never have run: it has no results that could be stale.
    wanted = {
        name: status[name]
        for name in status
        if name in locked or (":" not in name and profile_of(name) in (None, *active))
    }
    problems = [f"{name}: {problem}" for name, changes in wanted.items() for problem in stale(changes)]
    if problems:
        raise UserError(
            "dvc.lock is out of date; run `dvc repro` and commit it with reports/:\n  " + "\n  ".join(problems)
        )
    print(f"dvc.lock is up to date for {', '.join(sorted(profiles))}")


def profile_of(stage: str) -> str | None:
    """quick for fit@quick-siren; None for a stage of all profiles."""
    return stage.partition("@")[2].partition("-")[0] or None


def status_of_all(profiles: list[str]) -> dict[str, list[Any]]:
    """`dvc status` of the tracked files as they are, were all these profiles active."""
    with tempfile.TemporaryDirectory() as folder:
        for name in subprocess.check_output(["git", "ls-files", "-z"], text=True).split("\0"):
            if name and Path(name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(name, Path(folder) / name)
        subprocess.run(["git", "init", "-q", folder], check=True)
        params = YAML().load(Path("params.yaml"))
        params["runs"] = profiles
        YAML().dump(params, Path(folder) / "params.yaml")
        return json.loads(subprocess.check_output(["dvc", "status", "--json"], cwd=folder, text=True))


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


if __name__ == "__main__":
    run(main)
