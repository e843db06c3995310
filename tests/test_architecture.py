"""The house: imports go down only, there is no circle, and every file of a table's folder is in the table."""

import ast
import importlib
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from pipeline import ROOT

SOURCE = ROOT / "src/refield"
# From the ground up: a room may use those below it, and those beside it on a line may not use each other.
FLOORS = (
    ("arrays", "errors", "strict"),
    ("files", "lifetime", "settings"),
    ("yaml",),
    ("signals",),
    ("segmentation", "fields", "structure"),
    ("scores",),
    ("tasks", "codecs"),
    ("fitting",),
    ("units",),
    ("coding",),
    ("executors",),
    ("originals",),
    ("params",),
    ("config",),
    ("study", "comparison"),
    ("papers",),
    ("reports",),
    ("interface",),
    ("machine",),
    ("pipeline",),
    ("cli",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = [file for file in SOURCE.rglob("*.py") if file != SOURCE / "__init__.py"]


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(each) for each in [*FILES, SOURCE / "__init__.py"]}


@cache
def imports(file: Path) -> set[str]:
    """The modules of this package that a file imports anywhere, for types or late ones as well."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("refield.") for alias in node.names), "a fingerprint reads `from` only"
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "refield":
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                found.add(deeper if deeper in MODULES else str(node.module))
    return found - {"refield"}


def room(module: str) -> str:
    return module.split(".")[1]


@pytest.mark.parametrize("file", FILES, ids=lambda file: name_of(file))
def test_imports_go_down_only(file):
    here = room(name_of(file))
    up = {module for module in imports(file) if room(module) != here and FLOOR[room(module)] >= FLOOR[here]}
    assert up == set()


def test_there_is_no_circle():
    # A package's `__init__` is run before its modules: what it imports, they wait for.
    graph = {name_of(file): imports(file) for file in FILES}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_library_never_reaches_up_into_the_stages():
    for file in FILES:
        named = {node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)}
        assert not any((module or "").split(".")[0] == "stages" for module in named), file


@pytest.mark.parametrize(
    ("package", "table", "others"),
    [
        (
            "fields",
            "FIELDS",
            {
                "field",
                "architecture",
                "layer",
                "gates",
                "initialisation",
                "encoding",
                "dictionary",
                "derivatives",
                "intensities",
                "latent_grids",
                "layerwise",
                "multilinear",
            },
        ),
        ("tasks", "TASKS", {"task", "problem", "samples", "perceptual"}),
        ("signals.sources", "SOURCES", {"choosing", "download", "sums"}),
        ("segmentation", "SEGMENTERS", {"segmentation", "thresholds", "joining", "labels", "files", "preview"}),
    ],
)
def test_every_module_of_a_table_is_in_it(package, table, others):
    module = importlib.import_module(f"refield.{package}")
    files = {file.stem for file in SOURCE.joinpath(*package.split(".")).glob("[!_]*.py")} - others
    assert files == set(getattr(module, table))


def test_modules_are_about_one_thing_and_short():
    long = {name_of(file): n for file in FILES if (n := len(file.read_text().splitlines())) > 200}
    assert long.keys() <= {"refield.fitting.mlp.fused", "refield.cli"}
