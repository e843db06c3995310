"""The store of fitted units, which outlives the repository and serves all its clones.

One folder per key, with a record of each file's sha256 and of where the unit was made. A folder appears whole, by one
rename, and what does not match its record is not read.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from refield.errors import UserError

RECORD = "unit.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A unit that has been fitted: its files by name, and where, when and how it was made."""

    files: Mapping[str, bytes]
    provenance: Mapping[str, Any]


class Store:
    """Fitted units by key, under `REFIELD_UNITS` or the user's cache folder."""

    def __init__(self, root: Path | None = None, refit: bool | None = None) -> None:
        """`refit`: look empty, to fit again what is held; without, as `REFIELD_REFIT=1` says."""
        self.refit = os.environ.get("REFIELD_REFIT") == "1" if refit is None else refit
        self.root = root or Path(os.environ.get("REFIELD_UNITS") or platformdirs.user_cache_path("refield") / "units")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{self.root}: the unit store cannot be made ({error}); set REFIELD_UNITS to a folder"
            ) from None

    @property
    def wanted(self) -> Path:
        """Units that other processes are to fit (`spool`)."""
        return self.root / "wanted"

    @property
    def jobs(self) -> Path:
        """What those processes are told, and tell (`submission`)."""
        return self.root / "jobs"

    def get(self, key: str) -> Made | None:
        """The unit, if it is here and every byte is as it was written; a damaged one is removed."""
        folder = self._folder(key)
        if self.refit or not folder.is_dir():
            return None
        try:
            record = json.loads((folder / RECORD).read_bytes())
            files = {name: (folder / name).read_bytes() for name in record["files"]}
            if all(_sha256(data) == record["files"][name] for name, data in files.items()):
                return Made(files, record["provenance"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        log.warning("%s: a damaged unit; it is fitted again", folder)
        self._remove(folder)
        return None

    def has(self, key: str) -> bool:
        """Whether a unit is here, without reading it; `get` may still find it damaged."""
        return not self.refit and (self._folder(key) / RECORD).is_file()

    def require_writable(self) -> None:
        """`UserError` if no unit could be kept, for those who are about to fit some."""
        if not os.access(self.root, os.W_OK):
            raise UserError(f"{self.root}: the unit store is read-only; set REFIELD_UNITS to another folder")

    def put(self, key: str, unit: Made) -> None:
        """Keep a unit; whoever reads meanwhile sees all of it or nothing."""
        record = {
            "files": {name: _sha256(data) for name, data in unit.files.items()},
            "provenance": dict(unit.provenance),
        }
        folder, draft = self._folder(key), self.root / f"draft-{uuid.uuid4().hex}"
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
            for name, data in unit.files.items():
                (draft / name).write_bytes(data)
            (draft / RECORD).write_text(json.dumps(record, indent=1))
            self._move(draft, folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise UserError(f"{folder}: the unit could not be written ({error})") from None

    def _move(self, draft: Path, folder: Path) -> None:
        """Rename onto what may stand there already, and may come to stand there again meanwhile."""
        for _ in range(100):
            try:
                draft.rename(folder)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            self._remove(folder)
        shutil.rmtree(draft)  # others keep writing the same unit: theirs is as good

    def _folder(self, key: str) -> Path:
        return self.root / key[:2] / key

    def discard(self, key: str) -> None:
        """Forget a unit."""
        self._remove(self._folder(key))

    def _remove(self, folder: Path) -> None:
        """Remove a unit in one step, so that no half of it is ever seen."""
        trash = self.root / f"trash-{uuid.uuid4().hex}"
        with contextlib.suppress(OSError):  # not there, or another process was faster, or all is read-only
            folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
