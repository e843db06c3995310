"""Where a try is at home."""

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """Where a try is at home: it may write nowhere else."""

    root: Path

    @property
    def work(self) -> Path:
        """The current directory."""
        return self.root / "work"

    @property
    def units(self) -> Path:
        """The unit store."""
        return self.root / "units"

    @property
    def outside(self) -> Path:
        """What nobody has to do with."""
        return self.root / "outside"

    @property
    def printed(self) -> Path:
        """What the try prints; not within the place."""
        return self.root.with_name("printed")

    @property
    def environment(self) -> dict[str, str]:
        """Where users' folders are."""
        folders = {"HOME": "home", "TMPDIR": "tmp", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
        folders |= {"REFIELD_UNITS": "units", "DVC_SITE_CACHE_DIR": "site"}
        return {name: str(self.root / folder) for name, folder in folders.items()}

    def make(self) -> None:
        """Folders for a try, and some beside them; what was there is gone."""
        shutil.rmtree(self.root, ignore_errors=True)
        for folder in (self.work, self.units, self.outside / "folder", self.root / "home", self.root / "tmp"):
            folder.mkdir(parents=True)
        for file in (self.outside / "file", self.outside / "folder/file"):
            file.write_text("a secret")
