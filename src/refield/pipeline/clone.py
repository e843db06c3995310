"""A copy of a clone's tracked files as they are, where DVC may be asked questions without touching anything."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from refield.errors import UserError


def copy_tracked(folder: Path, changes: Mapping[str, Any], params: Path = Path("params.yaml")) -> None:
    """Copy what git tracks into `folder`, a repository of its own, with other values for keys of a params.yaml."""
    listed = subprocess.run(["git", "ls-files", "-z"], text=True, capture_output=True)
    if listed.returncode:
        raise UserError("there is no git repository here; run refield in the root of a clone")
    for name in listed.stdout.split("\0"):
        if name and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, folder / name)
    subprocess.run(["git", "init", "-q", folder], check=True)
    values = YAML().load(params)
    for key, value in changes.items():
        *parents, last = key.split(".")
        entry = values
        for part in parents:
            entry = entry[part]
        entry[last] = value
    YAML().dump(values, folder / params)
