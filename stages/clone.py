"""A copy of a clone's tracked files as they are, where DVC may be asked questions without touching anything."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def copy_tracked(folder: Path, changes: Mapping[str, Any]) -> None:
    """Copy what git tracks into `folder`, a repository of its own, with other values for keys of params.yaml."""
    for name in subprocess.check_output(["git", "ls-files", "-z"], text=True).split("\0"):
        if name and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, folder / name)
    subprocess.run(["git", "init", "-q", folder], check=True)
    params = YAML().load(Path("params.yaml"))
    for key, value in changes.items():
        *parents, last = key.split(".")
        entry = params
        for part in parents:
            entry = entry[part]
        entry[last] = value
    YAML().dump(params, folder / "params.yaml")
