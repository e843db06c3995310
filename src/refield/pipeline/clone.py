"""A copy of a clone's tracked files as they are, where DVC may be asked questions without touching anything."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from refield import config, yaml
from refield.errors import UserError, one_line


def require_root(command: str) -> None:
    """`UserError` unless this is the root of a clone, where `refield COMMAND` finds its files."""
    if config.find("params.yaml") != Path("params.yaml"):
        raise UserError(f"`refield {command}` works in the root of a clone of refield, which this folder is not")


def copy_tracked(folder: Path, changes: Mapping[str, Any], params: Path = Path("params.yaml")) -> None:
    """Copy what git tracks into `folder`, a repository of its own, with other values for keys of a params.yaml."""
    listed = git("ls-files", "-z")
    if not Path(".dvc").is_dir():  # git looks for its own folder in those above, too
        raise UserError("there is no DVC repository here, .dvc is missing; run refield in the root of a clone")
    for name in os.fsdecode(listed).split("\0"):
        if name and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, folder / name)
    git("init", "-q", str(folder))
    values = yaml.load(params)
    for key, value in changes.items():
        *parents, last = key.split(".")
        entry = values
        for part in parents:
            entry = entry[part]
        entry[last] = value
    YAML().dump(values, folder / params)


def git(*arguments: str) -> bytes:
    """What git answers; `UserError` if it is not installed, there is no repository, or it refuses."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True)
    except FileNotFoundError:
        raise UserError("git is not installed, or not on PATH") from None
    said = os.fsdecode(done.stderr)
    if "not a git repository" in said:
        raise UserError("there is no git repository here; run refield in the root of a clone")
    if done.returncode:
        raise UserError(f"`git {arguments[0]}` fails: {one_line(said)}")
    return done.stdout


def dvc(*arguments: str, folder: Path = Path()) -> str:
    """What DVC answers in a folder; `UserError` if it refuses."""
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"`dvc {' '.join(arguments)}` fails: {one_line(done.stderr)}")
    return done.stdout
