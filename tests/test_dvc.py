"""dvc.yaml says what each stage's results depend on: here, that it leaves no module out."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import config
from refield.pipeline import units
from refield.pipeline.names import FromStage

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
STUDIES = {
    (f"{file.parts[-3]}/{name}" if file.parts[-4] == "papers" else name): stage
    for file in (ROOT / "studies/dvc.yaml", *sorted(ROOT.glob("papers/*/studies/dvc.yaml")))
    for name, stage in YAML(typ="safe").load(file)["stages"].items()
}
PIPELINES = ("dvc.yaml", "studies/dvc.yaml", "papers/*/dvc.yaml", "papers/*/studies/dvc.yaml")
# What only papers' pipelines have: otherwise these are the top level's, of other paths.
OWN = {
    name: stage
    for file in sorted(ROOT.glob("papers/*/dvc.yaml"))
    for name, stage in YAML(typ="safe").load(file)["stages"].items()
    if name not in STAGES
}

# What decides no stage's result: dvc tracks the values that `config` reads, and dvc.yaml has `layout`'s paths; the rest
# say where, when and how long a stage runs, or how it words an error.
PLUMBING = (
    "arrays.py",
    "config.py",
    "consistency.py",
    "errors.py",
    "files.py",
    "lifetime.py",
    "originals.py",
    "params.py",
    "settings.py",
    "strict.py",
    "yaml.py",
    "executors/",
    "machine/",
    "pipeline/",
)
# Whose results are known by keys: reports/wanted for fits, reports/scoring for scores, reports/coding for rates.
KEYED = {"fit", "evaluate", "coded"}
# What reports/scoring is the key of: measures, and how they are taken.
SCORING = ("signals/", "tasks/", "units/")
# What reports/coding is the key of: files, and the fields that they hold.
CODING = ("coding/", "fields/", "fitting/")
# Of compressed files also how photographs are read, units fitted and files measured; and what no byte of a file depends
# on: what reads such parameters, shows or keeps a fit, or finds a method where none is named.
COMPRESSING = (
    *("signals/", "segmentation/", "scores/", "tasks/", "units/", "codecs.py", "comparison.py", "papers/"),
    *(f"interface/{name}.py" for name in ("__init__", "destination", "result", "suited")),
)


@cache
def imported(file: Path) -> set[Path]:
    """The project's own modules that `file` imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    paths = [name.replace(".", "/") for name in names if name.split(".")[0] == "refield"]
    return {
        file for path in paths for file in (ROOT / f"src/{path}.py", ROOT / f"src/{path}/__init__.py") if file.is_file()
    }


def modules_of(script: Path, beyond: tuple[str, ...] = PLUMBING) -> set[str]:
    """What a script imports, through anything but what is beyond it; relative to src/refield."""
    seen: set[str] = set()
    queue = [*imported(script)]
    while queue:
        file = queue.pop()
        name = file.relative_to(ROOT / "src/refield").as_posix()
        if name not in seen and not name.startswith(beyond):
            seen.add(name)
            queue.extend(imported(file))
    return seen - {"__init__.py"}


def script(stage: dict) -> Path:
    return ROOT / "stages" / f"{stage['cmd'].split('stages.')[1].split()[0]}.py"


ALL = {**STAGES, **OWN, **{name: stage.get("do", stage) for name, stage in STUDIES.items()}}


@pytest.mark.parametrize("name", [name for name in ALL if name not in KEYED])
def test_depends_on_the_modules_that_it_imports(name):
    deps = ALL[name]["deps"]
    assert f"stages/{script(ALL[name]).name}" in deps
    covered = tuple(
        dep.removeprefix("src/").removeprefix("refield").lstrip("/") for dep in deps if "src/refield" in dep
    )
    keys = {"scoring": SCORING, "coding": CODING, "rates/coding": COMPRESSING}
    keyed = [room for key in keys if any(re.match(rf"reports/(\w+/)?{key}", dep) for dep in deps) for room in keys[key]]
    modules = modules_of(script(ALL[name]), (*PLUMBING, *keyed))
    assert [module for module in sorted(modules) if not module.startswith(covered)] == []


def test_files_that_are_fitted_depend_on_no_folder_of_code():
    """A clone without units would fit them anew for each edit."""
    code = [dep for dep in OWN["compressed"]["deps"] if dep.startswith("src/")]
    assert all(dep.endswith(".py") for dep in code), code
    assert "src/refield" in OWN["coding"]["deps"]


def test_fits_and_scores_depend_on_keys_which_depend_on_all_code():
    assert STAGES["fit"]["deps"] == ["reports/wanted/${item.profile}"]
    assert "reports/scoring/${item.profile}.json" in STAGES["evaluate"]["deps"]
    assert "src/refield" in STAGES["wanted"]["deps"]
    assert any(re.fullmatch(r"reports/\w+/coding/\${item.profile}.json", dep) for dep in OWN["coded"]["deps"])


@pytest.mark.parametrize("name", ["gains", "index", "report"])
def test_what_shows_all_profiles_depends_on_all_settings(name):
    assert any(re.fullmatch(r"reports/(\w+/)?settings.json", dep) for dep in ALL[name]["deps"])
    assert "params" not in ALL[name]


@pytest.mark.parametrize("name", ["figures", "laws", "page", "provenance", "sequences"])
def test_what_shows_a_profile_depends_on_its_settings(name):
    deps = ALL[name]["deps"]
    assert any(re.fullmatch(r"reports/(\w+/)?settings/\${item.profile}.json", dep) for dep in deps)
    assert "params" not in ALL[name]


def test_settings_are_those_of_the_profile_alone():
    def settings(**changes):
        return units.settings(config.read("quick", path=ROOT / "params.yaml", changes=changes), "quick")

    assert settings() == settings(runs=["kodak_crops"]) == settings(**{"profiles.paper.train.iterations": 9})
    others = ({"seed": 9}, {"profiles.quick.images.long": 99}, {"seg.regions": 3}, {"scores.iou_regions": 3})
    assert len({settings(), *(settings(**other) for other in others)}) == 1 + len(others)


def test_only_fitting_imports_torch():
    """So that every other stage starts at once; `check` does if an active profile asks for a GPU."""
    names = sorted({f"stages.{script(stage).stem}" for stage in ALL.values()} - {"stages.fit"})
    code = "import sys\n" + "".join(f"import {name}\nprint('{name}', 'torch' in sys.modules)\n" for name in names)
    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [f"{name} False" for name in names]


@pytest.mark.parametrize("file", [file for pattern in PIPELINES for file in ROOT.glob(pattern)])
def test_no_command_has_anything_put_into_it(file):
    """A shell would run it: names come from params.yaml, and DVC runs stages without `check` if it is asked to."""
    stages = YAML(typ="safe").load(file)["stages"]
    commands = {name: stage.get("do", stage)["cmd"] for name, stage in stages.items()}
    assert {name: command for name, command in commands.items() if "${" in str(command)} == {}


@pytest.mark.parametrize("name", ALL)
def test_a_script_reads_the_names_that_dvc_puts_into_its_stages(name):
    main = importlib.import_module(f"stages.{script(ALL[name]).stem}").main
    arguments = inspect.signature(main).parameters.values()
    read = [argument.name for argument in arguments if argument.annotation == FromStage]
    given = [argument for argument in arguments if argument.default is argument.empty and argument.name not in read]
    definition = {**STAGES, **OWN, **STUDIES}[name]
    assert read == (["study"] if "foreach" in definition else list(definition.get("matrix", {})))
    assert len(given) == len(ALL[name]["cmd"].partition(" --paper ")[0].split()[3:])  # after python -m stages.x


def test_every_script_is_a_stage_and_short():
    scripts = {file.stem: len(file.read_text().splitlines()) for file in (ROOT / "stages").glob("[!_]*.py")}
    assert scripts.keys() == {script(stage).stem for stage in ALL.values()}
    assert {name: lines for name, lines in scripts.items() if lines > 60} == {}


def test_an_experiment_rewrites_no_more_of_params_than_its_parameter(tmp_path):
    from dvc.utils.serialize import modify_yaml  # what `dvc exp run -S` writes with

    file = tmp_path / "params.yaml"
    file.write_text((ROOT / "params.yaml").read_text())
    with modify_yaml(file) as params:
        params["seed"] = 1
    assert file.read_text() == (ROOT / "params.yaml").read_text().replace("seed: 0", "seed: 1")
