"""dvc.yaml says what each stage's results depend on: here, that it leaves no module out and names none too many."""

import ast
from pathlib import Path

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield.fields.gated import Gated
from refield.segmentation import SEGMENTERS

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
STUDIES = YAML(typ="safe").load(ROOT / "studies/dvc.yaml")["stages"]

# What decides no stage's result: dvc tracks the values that `config` reads, and dvc.yaml has `layout`'s paths; the rest
# say where, when and how long a stage runs, or how it words an error.
PLUMBING = {
    "src/refield/config.py",
    "src/refield/devices.py",
    "src/refield/errors.py",
    "src/refield/estimate.py",
    "src/refield/executors/__init__.py",
    "src/refield/executors/settings.py",
    "src/refield/fingerprint.py",
    "src/refield/lifetime.py",
    "src/refield/making.py",
    "src/refield/store.py",
    "src/refield/wording.py",
    "stages/ahead.py",
    "stages/command.py",
    "stages/guard.py",
    "stages/layout.py",
}
# A stage that goes through a table (`__init__.py`) depends on the entries that it may use.
TABLES = {
    "check": {"src/refield/fields/gated.py"},
    "segment": {f"src/refield/segmentation/{name}.py" for name in SEGMENTERS},
}


def imported(file: Path) -> set[Path]:
    """The project's own modules that `file` imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    paths = [name.replace(".", "/") for name in names if name.split(".")[0] in ("refield", "stages")]
    candidates = [ROOT / (f"src/{path}.py" if path.startswith("refield") else f"{path}.py") for path in paths]
    return {candidate for candidate in candidates if candidate.is_file()}


def modules_of(stage: str, plumbing: set[str]) -> set[str]:
    """The stage's script and all that it imports, through anything but plumbing."""
    seen, queue = set(), [ROOT / "stages" / f"{stage}.py"]
    while queue:
        file = queue.pop()
        name = file.relative_to(ROOT).as_posix()
        if name not in seen | plumbing:
            seen.add(name)
            queue.extend(imported(file))
    return seen


def script(stage: str) -> str:
    """The name of the script that a stage runs."""
    return STAGES[stage]["cmd"].split("stages.")[1].split()[0]


def declared(stage: str) -> set[str]:
    return {dep for dep in STAGES[stage]["deps"] if dep.endswith(".py")}


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("code", "fit", "fit_segmented")])
def test_depends_on_the_modules_that_it_imports(stage):
    # `check` is about plumbing: the schema, and the guard against a missing GPU.
    checked = {"src/refield/config.py", "stages/guard.py"} if stage == "check" else set()
    named = declared(stage)
    assert named == modules_of(script(stage), PLUMBING - checked) | TABLES.get(stage, set())


def test_fits_depend_on_the_fingerprint_of_all_code_that_may_fit():
    from stages.code import READING

    from refield.fields import FIELDS
    from refield.fingerprint import closure
    from refield.training import Train
    from refield.units import code_of

    fields = [f"refield.fields.{name}" for name in FIELDS]
    ways = [{}, {"precision": "mixed"}, {"engine": "reference"}]
    gated = Gated(gates=("dense",), width=1)
    named = {m for way in ways for m in code_of(gated, Train(iterations=1, learning_rate=1.0, **way))}
    files = {file.relative_to(ROOT).as_posix() for file in closure([*named, *fields, *READING])}
    itself = {"stages/code.py", "src/refield/fingerprint.py", "src/refield/units.py"}
    assert declared("code") == files | itself
    for stage in ("fit", "fit_segmented"):
        assert declared(stage) == {"stages/fit.py"}
        assert modules_of("fit", PLUMBING) - {"stages/fit.py"} <= declared("code")
        assert "reports/code/${item.profile}.json" in STAGES[stage]["deps"]


@pytest.mark.parametrize("study", STUDIES)
def test_studies_depend_on_the_modules_that_they_import(study):
    stage = STUDIES[study].get("do", STUDIES[study])
    assert stage["cmd"].startswith(f"python -m stages.{study}")
    named = {dep for dep in stage["deps"] if dep.endswith(".py")}
    assert named == modules_of(study, PLUMBING) - (declared("code") if study == "study" else set())


def test_the_same_script_has_the_same_code_in_both_of_its_stages():
    for first, second in (("fit", "fit_segmented"), ("evaluate", "evaluate_segmented")):
        code = [
            {dep for dep in STAGES[stage]["deps"] if dep.startswith(("src", "stages"))} for stage in (first, second)
        ]
        assert code[0] == code[1]


@pytest.mark.parametrize(("package", "table"), [("fields", "FIELDS"), ("segmentation", "SEGMENTERS")])
def test_every_module_of_a_table_is_in_it(package, table):
    import importlib

    module = importlib.import_module(f"refield.{package}")
    files = {file.stem for file in (ROOT / "src/refield" / package).glob("[!_]*.py")} - {"maps"}
    assert files == set(getattr(module, table))


@pytest.mark.parametrize("stage", [stage for stage in STAGES if not stage.startswith("fit")])
def test_only_fitting_imports_torch(stage):
    """So that every other stage starts at once; `check` does if an active profile asks for a GPU."""
    import subprocess
    import sys

    code = f"import sys, stages.{script(stage)}; print('torch' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output.strip() == "False"


def test_no_script_is_without_a_stage():
    library = {"__init__", "ahead", "audit", "clone", "command", "guard", "layout", "pending"}
    by_hand = {"compare", "plan", "readme", "verify"}
    of_studies = set(STUDIES)
    scripts = {file.stem for file in (ROOT / "stages").glob("*.py")}
    assert scripts - library - by_hand - of_studies == {script(s) for s in STAGES}


def test_an_experiment_rewrites_no_more_of_params_than_its_parameter(tmp_path):
    from dvc.utils.serialize import modify_yaml  # what `dvc exp run -S` writes with

    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text())
    with modify_yaml(file) as params:
        params["seed"] = 1
    assert file.read_text() == (ROOT / "params.yaml").read_text().replace("seed: 0", "seed: 1")
