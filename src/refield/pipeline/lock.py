"""dvc.lock and DVC's own files, read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from refield.errors import UserError
from refield.pipeline.layout import STUDIES, Layout

RUNNING = Path(".dvc/tmp/rwlock")


def entries(lock: Path) -> dict[str, Any]:
    """A lock file's stages; `UserError` if it is half-written: DVC writes it in place, too."""
    try:
        return dict(YAML(typ="safe").load(lock)["stages"])
    except (YAMLError, KeyError, TypeError):
        raise UserError(
            f"{lock} was left half-written by a dvc that was killed; remove it, or `git checkout {lock}`, "
            "and run `dvc repro`: fitted units come from their store"
        ) from None


def locked_stages() -> dict[str, Any]:
    """The entries of dvc.lock, and of the studies', by stage."""
    stages: dict[str, Any] = entries(Layout().lock)
    if (STUDIES / "dvc.lock").exists():
        stages |= {f"studies/dvc.yaml:{name}": entry for name, entry in entries(STUDIES / "dvc.lock").items()}
    return stages


def left_half_written() -> Iterator[str]:
    """DVC writes its lock file in place: killed in that moment it leaves half of it, and then refuses to run."""
    if RUNNING.exists():
        try:
            json.loads(RUNNING.read_bytes())
        except ValueError:
            yield f"{RUNNING} was left half-written by a dvc that was killed; remove it"
