"""dvc.lock and DVC's own files, read."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from refield import yaml
from refield.errors import UserError
from refield.pipeline.layout import Layout, layouts

RUNNING = Path(".dvc/tmp/rwlock")
MOST_BYTES, MOST_VALUES = 2**25, 3_000_000  # of a lock file: ours has 13,000 values for 80 stages


def entries(lock: Path) -> dict[str, Any]:
    """A lock file's stages, none if it is not there; `UserError` if it is half-written: DVC writes it in place, too."""
    if not os.path.lexists(lock):
        return {}
    content = yaml.content(lock, MOST_BYTES)
    try:
        stages = dict(yaml.parse(content, str(lock), MOST_VALUES)["stages"])
        if all("cmd" in entry for entry in stages.values()):
            return stages
    except (ValueError, KeyError, TypeError):
        pass
    raise UserError(
        f"{lock} was left half-written by a dvc that was killed; remove it, or `git checkout {lock}`, "
        "and run `dvc repro`: fitted units come from their store"
    )


def locked_stages() -> dict[str, Any]:
    """The entries of dvc.lock, and of the studies' of all pipelines, by stage."""
    found = entries(Layout().lock)
    for folder in (layout.studies for layout in layouts()):
        found |= {f"{folder}/dvc.yaml:{name}": entry for name, entry in entries(folder / "dvc.lock").items()}
    return found


def left_half_written() -> Iterator[str]:
    """DVC writes its lock file in place: killed in that moment it leaves half of it, and then refuses to run."""
    if RUNNING.exists():
        try:
            json.loads(RUNNING.read_bytes())
        except ValueError:
            yield f"{RUNNING} was left half-written by a dvc that was killed; remove it"


def md5(path: Path) -> str | None:
    """As DVC takes it, of a file or of a folder."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return None
    from dvc.ignore import DvcIgnoreFilter
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    files: Any = LocalFileSystem()  # type: ignore[no-untyped-call]
    root, ignored = str(Path.cwd()), DvcIgnoreFilter(files, str(Path.cwd()))
    with tempfile.TemporaryDirectory() as folder:
        held = build(HashFileDB(files, folder), f"{root}/{path}", files, "md5", dry_run=True, ignore=ignored)[2]
    return str(held.hash_info.value)
