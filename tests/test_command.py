"""Whatever is raised, a command ends in one line that says what to do about it, and a bug says that it is one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from refield.errors import UserError
from refield.pipeline.command import BUG, run
from refield.units.names import reconstruction


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    """Where details go."""
    monkeypatch.setattr(sys, "argv", ["python -m stages.fit"])
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/refield/log"


def ended(main, capsys) -> tuple[int, str]:
    """The exit status of a command and the one line on standard error."""
    with pytest.raises(SystemExit) as end:
        run(main)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return int(end.value.code or 0), said.removesuffix("\n")


def log_named(said: str) -> str:
    return Path(said.rpartition("details are in ")[2]).read_text()


def test_bad_input_is_its_sentence(capsys, logs):
    def main() -> None:
        raise UserError("seed = -1 is not allowed")

    assert ended(main, capsys) == (1, "error: seed = -1 is not allowed")
    assert not logs.exists()


def test_a_bug_says_that_it_is_one_and_where_the_details_are(capsys, logs):
    def main() -> None:
        reconstruction(3)

    status, said = ended(main, capsys)
    assert status == BUG
    assert said.startswith("error: this is a bug of refield, please report it: AttributeError: 'int' object has no")
    assert "(refield/units/names.py, line " in said
    details = log_named(said)
    assert details.startswith(f"python -m stages.fit\nin {Path.cwd()}\nPython 3.")
    assert "\nTraceback (most recent call last):\n" in details
    assert len(list(logs.iterdir())) == 1


def test_a_name_moves_no_cursor_and_begins_no_line(capsys):
    def main() -> None:
        raise UserError("a\nb\x1b[31m.png is missing")

    assert ended(main, capsys)[1] == r"error: a\nb\x1b[31m.png is missing"


def test_a_bug_of_many_lines_is_one(capsys):
    def main() -> None:
        raise KeyError("a\nb" * 10**5)

    assert len(ended(main, capsys)[1]) < 1000


def full_disk() -> None:
    with open("/dev/full", "w") as stream:
        stream.write("x")


@pytest.mark.parametrize(
    ("main", "words"),
    [
        (lambda: Path("/nowhere/x").write_text(""), "/nowhere/x: No such file or directory; details are in "),
        (lambda: Path("/").write_text(""), "/: Is a directory; details are in "),
        (full_disk, "No space left on device; details are in "),
        (lambda: np.empty((10**9, 10**9)), "the memory does not suffice (Unable to allocate 6.94 EiB for an array"),
        pytest.param(
            lambda: __import__("torch").empty(10**15), "the memory does not suffice (", marks=pytest.mark.slow
        ),  # which takes a while to import
        (lambda: __import__("nonesuch.part"), "the Python package nonesuch is missing; install refield"),
    ],
    ids=["missing", "folder", "full disk", "numpy's memory", "torch's memory", "package"],
)
def test_what_the_machine_lacks_is_no_bug(main, words, capsys):
    def command() -> None:
        main()

    status, said = ended(command, capsys)
    assert status == 1
    assert said.startswith(f"error: {words}")
    assert "Traceback" in log_named(said)


def test_details_go_elsewhere_where_the_users_folder_cannot_be_made(capsys, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def main() -> None:
        raise ZeroDivisionError("division by zero")

    said = ended(main, capsys)[1]
    assert f"ZeroDivisionError: division by zero; details are in {tmp_path}/2" in said
    assert "Traceback" in log_named(said)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    assert ended(main, capsys)[1].endswith("division by zero; its details could not be written anywhere")


@pytest.mark.parametrize(("raised", "status"), [(SystemExit(5), 5), (KeyboardInterrupt(), 130)])
def test_exits_and_interruptions_stay_what_they_are(raised, status, capsys, logs):
    def main() -> None:
        raise raised

    with pytest.raises(SystemExit) as end:
        run(main)
    assert end.value.code == status
    assert "error:" not in capsys.readouterr().err
    assert not logs.exists()


def test_a_terminal_of_ascii_shows_what_it_can():
    code = (
        "from refield.errors import UserError; from refield.pipeline.command import run\n"
        "def main():\n    print('4 → 5'); raise UserError('ü.png is missing')\nrun(main)"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "4 \\u2192 5\n", "error: \\xfc.png is missing\n")
