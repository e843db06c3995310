"""A small copy of this repository for the tests of the real pipeline: real dvc, real photographs, real processes."""

import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
SMALL = {
    "runs": ["quick"],
    "profiles.quick.images.names": ["astronaut", "coffee"],
    "profiles.quick.images.long": 24,
    "profiles.quick.images.short": 16,
    "profiles.quick.network.width": 8,
    "profiles.quick.train.iterations": 6,
    "profiles.quick.train.trace_every": 3,
    "profiles.photograph.images.long": 24,
    "profiles.photograph.images.short": 16,
    "profiles.photograph.network.width": 8,
    "profiles.photograph.train.iterations": 6,
}
STUDY = """\
profile: quick
images: all
methods:
- ours
vary:
- seed:
  - 0
  - 1
  profile.train.iterations:
  - 6
"""
METHODS = ("siren", "ftc", "ours", "equal_bin")
MAPS = ("multi_otsu", "equal_bin")


def listing_methods(params: Any) -> list[str]:
    """The profiles that list methods of their own."""
    return [name for name, profile in params["profiles"].items() if "methods" in profile]


def of_all_methods() -> dict[str, Any]:
    """Changes of params.yaml by which these list none, where other methods take the place of its own."""
    return {f"profiles.{name}.methods": {} for name in listing_methods(YAML().load(ROOT / "params.yaml"))}


class Project:
    """One checkout, its unit store and its environment."""

    def __init__(self, folder: Path, units: Path) -> None:
        self.folder, self.units = folder, units
        # Compiled modules are kept beside their sources, as a user's are, for dozens of processes to come.
        without = ("DVC_STAGE", "DVC_ROOT", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
        self.environment = {
            **{key: value for key, value in os.environ.items() if key not in without},
            "PYTHONPATH": str(folder / "src"),
            "REFIELD_UNITS": str(units),
            "DVC_SITE_CACHE_DIR": str(folder.parent / "site"),
            "XDG_STATE_HOME": str(folder.parent / "state"),
            "COLUMNS": "200",
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@localhost",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@localhost",
        }

    @classmethod
    def create(cls, folder: Path, units: Path) -> "Project":
        """This repository's files as they are, with small settings, no results, and no pipelines of other papers.

        DVC reads every pipeline of a clone, several times in `dvc exp run`. No stage reads tests or benchmarks, which
        are a third of the files that git, DVC and each copy go through.
        """
        listed = subprocess.check_output(["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, text=True)
        for name in listed.split("\0"):
            results = name.startswith("reports/") or Path(name).name in ("dvc.lock", "scores.csv", "provenance.csv")
            other = name.startswith("papers/") and Path(name).name not in ("paper.yaml", "published.yaml")
            unread = name.startswith(("benchmarks/", "tests/"))
            if name and not results and not other and not unread and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        project = cls(folder, units)
        project.set(SMALL)
        for table, kept in (("methods", METHODS), ("maps", MAPS)):
            project.edit(
                lambda params, t=table, k=kept: [params[t].pop(name) for name in list(params[t]) if name not in k]
            )
        # Those of a list of methods may name one that is not kept.
        project.edit(lambda params: [params["profiles"].pop(name) for name in listing_methods(params)])
        project.sh("git", "init", "-q")
        project.commit("small")
        return project

    def copy(self, folder: Path, units: Path | None = None) -> "Project":
        """A second checkout, caches and results included; with the same store, or one of its own."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder, units or self.units)

    def sh(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert not check or done.returncode == 0, done.stdout
        return done

    def dvc(self, *arguments: str) -> str:
        return self.sh("dvc", *arguments).stdout

    def fails(self, *command: str) -> str:
        """The output of a command that must not succeed, nor end in a traceback."""
        done = self.sh(*command, check=False)
        assert done.returncode != 0
        assert "Traceback" not in done.stdout
        return done.stdout

    @contextmanager
    def inside(self) -> Iterator[pytest.MonkeyPatch]:
        """This process in the project, as if it had started there: one of its own takes seconds to start."""
        from refield.pipeline import units
        from refield.units import fingerprint

        kept = (units._signal, units._labels, fingerprint.fingerprint, fingerprint.digest)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in ("REFIELD_UNITS", "DVC_SITE_CACHE_DIR", "XDG_STATE_HOME", "COLUMNS"):
                patch.setenv(name, self.environment[name])
            patch.setattr(fingerprint, "PACKAGE", self.folder / "src/refield")
            for known in kept:
                known.cache_clear()
            try:
                yield patch
            finally:
                for known in kept:
                    known.cache_clear()

    def refield(self, *arguments: str, succeeds: bool = True) -> str:
        """The output of a command of `refield`, which this process runs."""
        from refield import cli

        shown = io.StringIO()
        with self.inside() as patch, redirect_stdout(shown), redirect_stderr(shown):
            patch.setattr("sys.argv", ["refield", *arguments])
            with pytest.raises(SystemExit) as end:
                cli.main()
        assert (end.value.code == 0) == succeeds, shown.getvalue()
        return shown.getvalue()

    def fit(self, *methods: str) -> None:
        """What the stages of the quick profile's methods do, in this process."""
        from refield.pipeline import fits
        from refield.pipeline.layout import Layout

        with self.inside():
            assert list(fits.fit(Layout(), "quick", methods))

    def commit(self, message: str) -> None:
        self.sh("git", "add", "-A")
        self.sh("git", "commit", "-qm", message)

    def edit(self, change: Callable[[Any], Any]) -> None:
        yaml = YAML()
        params = yaml.load(self.folder / "params.yaml")
        change(params)
        yaml.dump(params, self.folder / "params.yaml")

    def set(self, values: dict[str, Any]) -> None:
        def change(params: Any) -> None:
            for key, value in values.items():
                *path, last = key.split(".")
                entry = params
                for part in path:
                    entry = entry[part]
                entry[last] = value

        self.edit(change)

    def append(self, file: str, text: str) -> None:
        with (self.folder / file).open("a") as stream:
            stream.write(text)

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.folder / file).read_text()
        assert old in text
        (self.folder / file).write_text(text.replace(old, new))

    def damage_cache(self, name: str) -> None:
        """Turn a bit of one file of this name in DVC's cache; the checkout keeps its own."""
        (file, *_) = sorted((self.folder / "data/quick/fits").rglob(name))
        digest = hashlib.md5(file.read_bytes()).hexdigest()
        cached = self.folder / ".dvc/cache/files/md5" / digest[:2] / digest[2:]
        content = bytearray(cached.read_bytes())
        content[-1] ^= 1
        cached.chmod(0o644)
        cached.write_bytes(content)

    def digests(self, *folders: str) -> dict[str, str]:
        """The sha256 of every file below some folders."""
        files = [file for name in folders for file in sorted((self.folder / name).rglob("*")) if file.is_file()]
        return {str(file.relative_to(self.folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def heed_ctrl_c() -> None:
    """A process that a shell has put into the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def planned(output: str) -> dict[str, str]:
    """The lines of `refield plan` by their first word, without the sum."""
    return {line.split()[0]: line for line in output.splitlines()[1:-1] if line and line[0] != " "}


def ran(output: str) -> set[str]:
    """The stages that dvc ran."""
    return set(re.findall(r"Running stage '([^']+)'", output))


def cached(output: str) -> set[str]:
    """The stages whose results dvc took from its run-cache."""
    return set(re.findall(r"Stage '([^']+)' is cached", output))


def fitted(output: str) -> dict[str, tuple[int, int]]:
    """(units reused, units fitted) of each method whose fit stage ran."""
    found = re.findall(r"quick/(\w+): (\d+) units reused, (\d+) fitted", output)
    return {method: (int(reused), int(fitted)) for method, reused, fitted in found}
