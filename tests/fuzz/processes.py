"""Stages, DVC and `refield` as processes of their own."""

import subprocess
import sys
from random import Random

from fuzz import trees
from fuzz.clones import ALWAYS, RESULTS, home
from fuzz.commands import mostly
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place
from fuzz.running import judged
from ruamel.yaml import YAML

from refield.errors import UserError

STAGES = {  # and what their names are of
    **dict.fromkeys(("check", "index", "report", "discussion"), ()),
    **dict.fromkeys(("download", "prepare", "wanted", "fit", "evaluate"), ("profile",)),
    **dict.fromkeys(("page", "provenance", "sequences"), ("profile",)),
    **{"segment": ("profile", "map"), "study": ("study",), "ranking": ("study",)},
}
NAMES = {"profile": ["quick"], "map": ["multi_otsu"], "study": ["paper_settings"]}
TARGETS = [
    "check",
    "download@quick",
    "prepare@quick",
    "wanted@quick",
    "segment@quick-multi_otsu",
    "fit@quick",
    "x",
]
COMMANDS = [["plan"], ["verify"], ["readme"], ["compare", "quick"]]
TERMINALS = [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"COLUMNS": "1"}, {"TERM": "dumb"}]


def process(rng: Random, place: Place, materials: Materials) -> Try:
    """A stage, DVC, or `refield` as a process of its own, in a pipeline that has run."""
    home(materials, place, True)
    quiet = {"PYTHONPATH": str(place.work / "src"), "PYTHONDONTWRITEBYTECODE": "1"}  # what it leaves is looked for
    environment = materials.project.environment | quiet | place.environment
    if rng.random() < 0.6:
        file = place.work / "params.yaml"
        file.write_bytes(trees.as_yaml(rng, trees.changed(rng, YAML(typ="safe").load(file), shared=True)))
    match rng.randrange(3):
        case 0:
            stage = rng.choice(list(STAGES))
            own = [mostly(rng, NAMES[kind]) for kind in STAGES[stage]]
            command = [f"stages.{stage}", *own]
            if own and rng.random() < 0.5:
                command, environment["DVC_STAGE"] = command[:1], f"{stage}@{'-'.join(own)}"
        case 1:
            single = rng.choice([["--single-item"], ["--force", "--single-item"], []])
            command = ["dvc", "repro", *single, rng.choice(TARGETS)]
        case _:
            command = ["refield.cli", *rng.choice(COMMANDS)]
            environment |= rng.choice(TERMINALS)

    def act() -> str:
        try:
            done = subprocess.run([sys.executable, "-m", *command], env=environment, capture_output=True)
        except ValueError as error:  # surrogates, which no name in the environment can have
            raise UserError(str(error)) from None
        printed = (done.stdout + done.stderr).decode(errors="replace")
        return judged(done.returncode, printed, (1, 255) if command[0] == "dvc" else (1, 2))[-200:]

    return Try(f"{command} {environment.get('DVC_STAGE', '')}", act, f"{ALWAYS}|{RESULTS}", "*")
