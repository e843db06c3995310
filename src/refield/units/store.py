"""The store of fitted units, which outlives the repository and serves all its clones.

One folder per key, with a record of each file's sha256 and of where the unit was made. A folder appears whole, by one
rename, and what does not match its record is not read. Other machines may write here too: only files of a unit's names
are read, no link is followed, and whatever else stands in a unit's place makes way for it.
"""

import contextlib
import errno
import hashlib
import logging
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from refield import files
from refield.errors import UserError, shown
from refield.settings import sentence
from refield.units.record import Record

RECORD, MOST_OF_RECORD = "unit.json", 2**16  # bytes

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

    def unfinished(self, key: str) -> Path:
        """Where a unit that is being fitted leaves its checkpoint (`checkpoints`)."""
        return self.root / "unfinished" / key

    def get(self, key: str) -> Made | None:
        """The unit, if it is here and every byte is as it was written; a damaged one is removed.

        `UserError` if it cannot be read at present.
        """
        folder = self._folder(key)
        if self.refit or not os.path.lexists(folder):
            return None
        try:
            return self._read(folder)
        except files.Unreadable:
            raise  # it may be whole, and have taken hours
        except (UserError, ValidationError) as error:
            reason = error if isinstance(error, UserError) else sentence(error, f"{folder / RECORD}: ")
            log.warning("a damaged unit, which is fitted again: %s", reason)
        self._remove(folder)
        return None

    def _read(self, folder: Path) -> Made:
        for place in (folder.parent, folder):
            if not files.is_folder(place):
                raise UserError(f"{place} is no folder")
        record = Record.model_validate_json(files.read(folder / RECORD, MOST_OF_RECORD))
        found = {name: files.read(folder / name) for name in record.files}
        if changed := [name for name, data in found.items() if _sha256(data) != record.files[name]]:
            raise UserError(f"{folder / changed[0]} is not what {RECORD} says")
        return Made(found, record.provenance)

    def has(self, key: str) -> bool:
        """Whether a unit is here, without reading it; `get` may still find it damaged."""
        return not self.refit and (self._folder(key) / RECORD).is_file()

    def require_writable(self) -> None:
        """`UserError` if no unit could be kept, for those who are about to fit some."""
        if not os.access(self.root, os.W_OK):
            raise UserError(f"{self.root}: the unit store is read-only; set REFIELD_UNITS to another folder")

    def put(self, key: str, unit: Made) -> None:
        """Keep a unit; whoever reads meanwhile sees all of it or nothing. `UserError` if it cannot be written."""
        hashes = {name: _sha256(data) for name, data in unit.files.items()}
        record = Record(files=hashes, provenance=dict(unit.provenance))
        folder, draft = self._folder(key), self.root / f"draft-{uuid.uuid4().hex}"
        if large := [name for name, data in unit.files.items() if len(data) > files.MOST]:
            raise UserError(f"{folder}: the unit could not be written ({large[0]} has more than {files.MOST} bytes)")
        try:
            files.make_folder(folder.parent)
            draft.mkdir()
            for name, data in unit.files.items():
                (draft / name).write_bytes(data)
            (draft / RECORD).write_text(record.model_dump_json(indent=1), encoding="utf-8")
            self._move(draft, folder)
        except OSError as error:
            files.remove(draft)
            raise UserError(f"{folder}: the unit could not be written ({error})") from None
        if files.is_folder(self.unfinished(key).parent):  # what lies behind a link is not ours
            files.remove(self.unfinished(key))

    def _move(self, draft: Path, folder: Path) -> None:
        """Rename onto what may stand there already, and may come to stand there again meanwhile."""
        for _ in range(100):
            try:
                draft.rename(folder)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
            self._remove(folder)
        # Others keep writing the same unit, and theirs is as good; or what stands there cannot be removed.
        files.remove(draft)
        try:
            self._read(folder)
        except ValueError:
            raise PermissionError(errno.EPERM, "what stands there cannot be removed") from None

    def _folder(self, key: str) -> Path:
        return self.root / _checked(key)[:2] / key

    def discard(self, key: str) -> None:
        """Forget a unit."""
        self._remove(self._folder(key))

    def _remove(self, folder: Path) -> None:
        """Remove a unit in one step, so that no half of it is ever seen."""
        # What lies behind a link is not ours: the link itself is in the way.
        place = folder if files.is_folder(folder.parent) else folder.parent
        trash = self.root / f"trash-{uuid.uuid4().hex}"
        with contextlib.suppress(OSError):  # not there, or another process was faster, or all is read-only
            place.rename(trash)
        files.remove(trash)


def _checked(key: str) -> str:
    """A unit's key, which is about to be a part of a path; `UserError` if it is none."""
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise UserError(f"{shown(key)} is no unit's key, which has 64 hexadecimal digits")
    return key


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
