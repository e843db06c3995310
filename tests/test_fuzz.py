"""Odd input of every kind, thousands of times: nothing hangs, breaks, or touches what is not its own.

`pytest -m slow tests/test_fuzz.py` writes its counts into docs/reliability.md. REFIELD_FUZZ says how many cases there
are, and REFIELD_FUZZ_SEED makes others.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import reliability
from fuzz.judge import Try, tried
from fuzz.place import Place
from pipeline import ROOT, Project

from refield.errors import UserError

CASES, SEED = 2000, 0
PROCESSES = 2
HEAD = """\
Made by `pytest -m slow tests/test_fuzz.py`: {cases} cases from the seed {seed}, in {minutes:.0f} minutes on two cores.
Files of every kind that is read, command lines and environments, with one to four changes each: values, types, names,
nesting, aliases, sizes in headers with checksums made right again, links and pipes where files belong, single bytes. A
case has failed if it ends otherwise than in a sane result or in one sentence, takes 20 seconds, or touches or reads a
file that is none of its own. A damaged unit or checkpoint counts as refused: it is fitted again, or begun anew.

| what is odd | cases | refused in a sentence | accepted | failed |
| --- | ---: | ---: | ---: | ---: |
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_whatever_is_odd_ends_in_a_result_or_in_one_sentence(finished, tmp_path):
    cases, seed = int(os.environ.get("REFIELD_FUZZ", CASES)), int(os.environ.get("REFIELD_FUZZ_SEED", SEED))
    print(f"{cases} cases from the seed {seed}")
    begun = time.monotonic()
    verdicts = verdicts_of(seed, cases, finished, tmp_path)
    minutes = (time.monotonic() - begun) / 60
    assert len(verdicts) == cases
    failures = [each for each in verdicts if each["how"] == "failed"]
    for each in failures:
        again = f"PYTHONPATH=tests python -m fuzz {seed} {each['number']} FOLDER"
        print(f"\n{each['kind']}: {each['about']}\n{each['said']}\nagain: {again}")
    if cases >= CASES:
        head = HEAD.format(cases=f"{cases:,}", seed=seed, minutes=max(1, minutes))
        reliability.write("Odd input", head + "".join(rows(verdicts)))
    assert not failures, f"{len(failures)} of {cases} cases failed"


def verdicts_of(seed: int, cases: int, project: Project, folder: Path) -> list[dict]:
    """What became of the cases, tried in processes that share them."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)])}
    parts = []
    for part in range(PROCESSES):
        numbers, place = f"{part}:{cases}:{PROCESSES}", folder / f"part{part}"
        command = [sys.executable, "-m", "fuzz", str(seed), numbers, str(place), str(project.folder.parent)]
        parts.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    lines = [line for part in parts for line in part.communicate()[0].splitlines()]
    assert [part.returncode for part in parts] == [0] * PROCESSES
    return sorted((json.loads(line) for line in lines), key=lambda verdict: verdict["number"])


def rows(verdicts: list[dict]) -> list[str]:
    """A line for each kind, and one for all."""
    counts = Counter((verdict["kind"], verdict["how"]) for verdict in verdicts)
    kinds = {verdict["kind"]: [verdict["kind"]] for verdict in verdicts}
    return [
        f"| {words} | {sum(counts[kind, how] for kind in among for how in ('refused', 'accepted', 'failed')):,} | "
        + " | ".join(f"{sum(counts[kind, how] for kind in among):,}" for how in ("refused", "accepted", "failed"))
        + " |\n"
        for words, among in (kinds | {"all": list(kinds)}).items()
    ]


def refuse() -> str:
    raise UserError("seed = -1 is not allowed")


def refuse_at_length() -> str:
    raise UserError("seed = -1\nis not allowed")


def keep() -> str:
    Path("result").write_text("x")
    return "a result"


def litter() -> str:
    Path("result2").write_text("x")
    return "a result"


def write_elsewhere() -> str:
    Path("../outside/file").write_text("x")
    return ""


def read_elsewhere() -> str:
    return Path("../outside/file").read_text()


def leave_a_process() -> str:
    subprocess.Popen(["sleep", "60"])
    return ""


def follow_a_link() -> str:
    os.symlink("../outside/folder", "result")
    os.unlink("result/file")
    return ""


def print_details() -> str:
    traceback.print_exception(KeyError("x"))
    print("Traceback (most recent call last)")
    return ""


@pytest.mark.parametrize(
    ("act", "how", "said"),
    [
        (lambda: "a result", "accepted", "a result"),
        (keep, "accepted", "a result"),
        (refuse, "refused", "seed = -1 is not allowed"),
        (refuse_at_length, "failed", "no sentence"),
        (lambda: {}["x"], "failed", "KeyError: 'x'"),
        (lambda: bytearray(2**33), "failed", "MemoryError"),
        (lambda: os._exit(3), "failed", "ended by status 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "failed", "ended by SIGKILL"),
        (lambda: time.sleep(9), "failed", "did not end in 0.6 seconds"),
        (lambda: subprocess.run(["true"]), "failed", "started true"),
        (lambda: os.mkdir("/elsewhere/x"), "failed", "os.mkdir '/elsewhere/x'"),
        (litter, "failed", "touched work/result2"),
        (write_elsewhere, "failed", "wrote '/"),
        (read_elsewhere, "failed", "read '/"),
        (follow_a_link, "failed", "os.remove 'result/file'"),
        (leave_a_process, "failed", "left a process behind"),
        (print_details, "failed", "Traceback (most recent call last)"),
    ],
)
def test_the_judge_sees_what_is_wrong(act: Callable[[], str], how, said, tmp_path):
    place = Place(tmp_path / "case")
    place.make()
    ended, told, _ = tried(Try("", act, "work/result", ["sleep"]), place, 0.2)
    assert ended == how
    assert said in told
