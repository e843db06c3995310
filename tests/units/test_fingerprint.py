"""The fingerprint follows what a result comes from, wherever it lies, and nothing else."""

import ast
import inspect
import shutil
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from pipeline import ROOT

from refield import comparison, config
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting import fit
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.pipeline import units
from refield.pipeline.compressing import coding
from refield.signals import Image
from refield.tasks.gradients import Gradients
from refield.tasks.inpaint import Inpaint
from refield.tasks.represent import Represent
from refield.units import fingerprint as module
from refield.units.encode import encode
from refield.units.fingerprint import digest, fingerprint
from refield.units.unit import Unit

TOY = {
    "task.py": '''"""A task."""

from typing import TYPE_CHECKING

from refield import kinds
from refield.fields.field import LEAK, Field, unused
from refield.kinds import KINDS
from refield.metrics import metric

if TYPE_CHECKING:
    from refield.loose import Y

FACTOR = 2  # why


class Task(Field):
    """Fits."""

    measures = ("psnr",)
    rate: float = 0.1

    def fit(self, x: int, y: int = 3) -> int:
        """Twice."""
        return FACTOR * self.evaluate(x) + y * LEAK

    def score(self, x):
        return metric(x)


def other(x):
    return LEAK * kinds.first(KINDS)
''',
    "fields/field.py": """from refield import grid

LEAK = 0.2


class Field:
    def evaluate(self, x):
        return helper(x)

    def cost(self):
        return 1

    def decode(self):
        return 2


def helper(x):
    return grid.shift(x) + LEAK


def unused(x):
    return x
""",
    "grid.py": "import os\n\nOFFSET = os.sep\nTABLE = {}\nTABLE[1] = OFFSET\n\n\ndef shift(x):\n    return x + 1\n",
    "metrics.py": "def metric(x):\n    return x\n",
    "kinds/__init__.py": "KINDS = {}\n",
    "loose.py": "Y = 1\n",
}


def forget_all() -> None:
    fingerprint.cache_clear()
    digest.cache_clear()


@pytest.fixture(autouse=True)
def forget():
    yield
    forget_all()


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "refield"
    for name, text in TOY.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(module, "PACKAGE", folder)
    return folder


def of_task(scores: bool = False) -> str:
    forget_all()
    return fingerprint("refield.task", scores=scores)


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


COUNTS = [
    ("task.py", "FACTOR * self", "3 * self"),
    ("task.py", "FACTOR = 2", "FACTOR = 3"),
    ("task.py", "rate: float = 0.1", "rate: float = 0.2"),
    ("task.py", "rate: float", "rate: int"),  # it decides which values a model accepts
    ("task.py", "y: int = 3", "y: int = 4"),
    ("task.py", "Task(Field)", "Task(Field, list)"),
    ("task.py", "first(KINDS)", "last(KINDS)"),  # of the module that is asked for, all counts
    ("task.py", "FACTOR = 2", "FACTOR = 2\nprint()"),
    ("fields/field.py", "return helper(x)", "return 2 * helper(x)"),
    ("fields/field.py", "LEAK = 0.2", "LEAK = 0.3"),
    ("grid.py", "x + 1", "x - 1"),
    ("grid.py", "OFFSET = os.sep", "OFFSET = os.name"),  # of a module that is used as a whole, all counts
    ("grid.py", "TABLE = {}", "TABLE = dict(a=1)"),
    ("grid.py", "TABLE[1] =", "TABLE[2] ="),
]
COUNTS_FOR_SCORES = [
    ("task.py", "metric(x)", "-metric(x)"),
    ("task.py", '("psnr",)', '("ssim",)'),
    ("metrics.py", "return x", "return -x"),
    ("fields/field.py", "return 1", "return 2"),  # cost
    ("fields/field.py", "return 2", "return 3"),  # decode
]
NEVER_COUNTS = [
    ("task.py", "# why", "# another reason"),
    ("task.py", '"""Twice."""', '"""Two times."""'),
    ("task.py", '"""Fits."""', ""),
    ("task.py", '"""A task."""', ""),
    ("task.py", "x: int, ", "x: float, "),
    ("task.py", "-> int", "-> float"),
    ("task.py", "FACTOR * self.evaluate(x)", "(FACTOR  *  self.evaluate(x))"),
    ("task.py", ", unused\n", "\n"),
    ("fields/field.py", "return x\n", "return -x\n"),  # unused
    ("kinds/__init__.py", "{}", "{1: 2}"),
    ("loose.py", "Y = 1", "Y = 2"),  # imported for types only
    ("task.py", "from refield.loose import Y", "from elsewhere import Y"),
]


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize(("file", "old", "new"), COUNTS)
def test_it_changes_with_what_the_code_does(toy, file, old, new, scores):
    before = of_task(scores)
    change(toy, file, old, new)
    assert of_task(scores) != before


@pytest.mark.parametrize(("file", "old", "new"), COUNTS_FOR_SCORES)
def test_what_only_scores_depend_on_counts_for_scores_only(toy, file, old, new):
    before = of_task(), of_task(scores=True)
    change(toy, file, old, new)
    assert of_task() == before[0]
    assert of_task(scores=True) != before[1]


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize(("file", "old", "new"), NEVER_COUNTS)
def test_it_does_not_change_with_anything_else(toy, file, old, new, scores):
    before = of_task(scores)
    change(toy, file, old, new)
    assert of_task(scores) == before


def test_the_order_of_definitions_does_not_count(toy):
    before = of_task()
    for file in ("task.py", "fields/field.py"):
        body = [node for node in ast.parse((toy / file).read_text()).body if not isinstance(node, ast.Expr)]
        (toy / file).write_text("\n".join(map(ast.unparse, reversed(body))))
    assert of_task() == before


def test_the_place_of_a_module_does_not_count_but_its_content_does(toy):
    before = of_task()
    (toy / "deep/er").mkdir(parents=True)
    (toy / "grid.py").rename(toy / "deep/er/grid.py")
    change(toy, "fields/field.py", "from refield import grid", "from refield.deep.er import grid")
    (toy / "fields/field.py").rename(toy / "base.py")
    change(toy, "task.py", "refield.fields.field", "refield.base")
    assert of_task() == before
    (toy / "other.py").write_text((toy / "base.py").read_text().replace("LEAK = 0.2", "LEAK = 0.3"))
    change(toy, "task.py", "refield.base", "refield.other")
    assert of_task() != before


def test_a_name_may_be_imported_through_another_module(toy):
    before = of_task()
    (toy / "public.py").write_text("from refield.fields.field import Field, unused\n")
    change(toy, "task.py", "refield.fields.field", "refield.public")
    through = of_task()
    change(toy, "fields/field.py", "LEAK = 0.2", "LEAK = 0.3")
    assert len({before, through, of_task()}) == 3


def test_an_import_inside_a_function_counts(toy):
    change(toy, "task.py", "    return LEAK", "    from refield.loose import Y\n    return Y + LEAK")
    before = of_task()
    change(toy, "loose.py", "Y = 1", "Y = 2")
    assert of_task() != before


def test_a_name_that_is_defined_twice_counts_twice(toy):
    change(toy, "fields/field.py", "LEAK = 0.2", "LEAK = 0.2\nLEAK = 2 * LEAK")
    before = of_task()
    change(toy, "fields/field.py", "LEAK = 0.2", "LEAK = 0.3")
    assert of_task() != before


IMAGE = Image(np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8))
LABELS = np.arange(13 * 17, dtype=np.uint8).reshape(13, 17) % 3
TRAIN = Train(iterations=2, learning_rate=1e-3)
SEGMENTED = Mlp(gates=(4.0, "segment"), width=8, regions=3)
MIXED, BATCH = (TRAIN.model_copy(update=update) for update in ({"precision": "mixed"}, {"batch": 50}))
UNITS = {
    "mlp": Unit("a", IMAGE, LABELS, Represent(), SEGMENTED, TRAIN, 0),
    "mixed": Unit("a", IMAGE, LABELS, Represent(), SEGMENTED, MIXED, 0),
    "wire": Unit("a", IMAGE, None, Represent(), Wire(width=8), TRAIN, 0),
    "inpaint": Unit("a", IMAGE, LABELS, Inpaint(), SEGMENTED, TRAIN, 0),
    "gradients": Unit("a", IMAGE, LABELS, Gradients(), SEGMENTED, BATCH, 0),
    "batch": Unit("a", IMAGE, LABELS, Represent(), SEGMENTED, BATCH, 0),
}


@pytest.fixture
def copied(tmp_path, monkeypatch) -> Path:
    """A copy of the package, for its fingerprint to be taken of."""
    shutil.copytree(module.PACKAGE, tmp_path / "refield", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "refield")
    return tmp_path / "refield"


def edit(file: Path) -> None:
    """Add a statement to every function."""
    tree = ast.parse(file.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions, file
    for function in functions:
        function.body.append(ast.parse("edited = True").body[0])
    file.write_text(ast.unparse(tree))


def codes() -> dict[str, str]:
    forget_all()
    return {name: unit.code for name, unit in UNITS.items()}


@pytest.fixture(scope="module")
def unedited() -> dict[str, str]:
    return codes()


def test_an_edit_of_what_no_fit_uses_fits_nothing_anew(copied, unedited):
    for file in ("scores/metrics.py", "segmentation/multi_otsu.py", "units/decode.py", "units/make.py", "config.py"):
        edit(copied / file)
    assert codes() == unedited


@pytest.mark.parametrize("paper", ["coin", "sinco"])
def test_what_draws_leaves_fits_and_their_files_as_they_are(copied, paper):
    params = config.read("quick", path=ROOT / f"papers/{paper}/params.yaml")

    def of_files_and_fits() -> tuple[str | None, list[str]]:
        forget_all()
        return units.coding(params, "quick"), [units.code(params, "quick", each) for each in params.methods_of("quick")]

    files, fits = of_files_and_fits()
    for file in (*copied.glob("reports/*.py"), *copied.glob("papers/*.py")):
        file.write_text(f"{file.read_text()}\nprint()\n")
    assert of_files_and_fits() == (files, fits)
    edit(copied / "coding/search.py")
    others, same = of_files_and_fits()
    assert others != files
    assert same == fits


FILES = {  # which of a comparison's files come from what, by its profiles: of methods, some with maps, and of latents
    "coding/file.py": {"quick", "gates", "whole"},
    "coding/range_coder.py": {"quick", "gates", "whole"},
    "scores/ms_ssim.py": {"quick", "gates", "whole"},
    "coding/latents/descent.py": {"quick", "whole"},
    "fitting/latents/passes.py": {"quick", "whole"},
    "fitting/mlp/engine.py": {"quick", "gates"},
    "fitting/mlp/passes.py": {"quick", "gates"},
    "segmentation/multi_otsu.py": {"gates"},
    "tasks/occupancy.py": set(),
}


def test_compressed_files_follow_the_code_that_makes_them_and_what_draws_does_not(copied, monkeypatch):
    monkeypatch.chdir(ROOT)
    asked = {name: comparison.read(ROOT / "papers/rates/params.yaml").profile(name) for name in FILES["coding/file.py"]}

    def of_files() -> dict[str, str]:
        forget_all()
        return {name: coding(each) for name, each in asked.items()}

    before = of_files()
    for room in ("reports", "papers", "pipeline", "machine"):
        for file in copied.glob(f"{room}/*.py"):
            file.write_text(f"{file.read_text()}\nprint()\n")
    assert of_files() == before
    for file, changed in FILES.items():
        edit(copied / file)
        after = of_files()
        assert {name for name in asked if after[name] != before[name]} == changed, file
        before = after


def test_compressed_files_follow_what_is_asked_for(monkeypatch):
    monkeypatch.chdir(ROOT)
    whole = comparison.read(ROOT / "papers/rates/params.yaml").profile("whole")
    assert coding(whole.model_copy(update={"pictures": None, "fields": []})) == coding(whole)
    less = whole.latents.model_copy(update={"iterations": 3})
    assert coding(whole.model_copy(update={"latents": less})) != coding(whole)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("fields/wire.py", {"wire"}),
        ("fields/mlp.py", set(UNITS) - {"wire"}),
        ("fitting/autograd.py", {"wire", "gradients", "batch"}),
        ("fitting/mlp/engine.py", {"mlp", "mixed", "inpaint"}),
        ("fitting/mlp/passes.py", {"mlp", "mixed", "inpaint"}),
        ("fitting/mlp/fused.py", {"mixed"}),
        ("fitting/mlp/kernels.py", {"mixed"}),
        ("tasks/represent.py", set(UNITS) - {"inpaint", "gradients"}),
        ("tasks/inpaint.py", {"inpaint"}),
        ("tasks/gradients.py", {"gradients"}),
        ("fitting/fit.py", set(UNITS)),
        ("fitting/train.py", set(UNITS)),
        ("signals/image.py", set(UNITS)),
        ("units/encode.py", set(UNITS)),
    ],
)
def test_an_edit_fits_anew_what_comes_from_it(copied, unedited, file, changed):
    edit(copied / file)
    edited = codes()
    assert {name for name in UNITS if edited[name] != unedited[name]} == changed


def test_an_edit_of_a_metric_scores_anew(copied):
    before = fingerprint("refield.tasks.represent", scores=True)
    edit(copied / "scores/metrics.py")
    forget_all()
    assert fingerprint("refield.tasks.represent", scores=True) != before


def functions_of(unit: Unit) -> set[tuple[str, int, str]]:
    """File, first line and name of all functions of the package that run between a unit and its files."""
    seen, package = set(), str(Path(fit.__file__).parents[1])

    def see(frame, *_):
        code = frame.f_code
        if code.co_flags & inspect.CO_OPTIMIZED and code.co_filename.startswith(package):  # no class's or module's body
            seen.add((code.co_filename, code.co_firstlineno, code.co_name))

    labels = None if unit.labels is None else unit.labels.reshape(-1)
    threading.setprofile(see)
    sys.setprofile(see)
    try:
        job = Job(unit.field, unit.task.problem(unit.signal, labels), unit.train, unit.seed)
        (result,) = fit.fit_together([job], "cpu")
        encode(job, result, unit.task, unit.signal, unit.labels)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    named = {(str(Path(file).relative_to(package)), line, name) for file, line, name in seen if name[0] != "<"}
    return {each for each in named if Path(each[0]).name not in module.TABLES}


@pytest.fixture
def counted(monkeypatch) -> set[tuple[str, int, str]]:
    """File, first line and name of all functions whose syntax goes into the fingerprints that are taken from now on."""
    found: set[tuple[str, int, str]] = set()
    files: list[Path] = []
    text = module._text

    def in_file(file, *rest):
        files.append(file)
        try:
            return digest(file, *rest)
        finally:
            files.pop()

    def noting(statement, *rest):
        name = str(files[-1].relative_to(module.PACKAGE))
        functions = [node for node in ast.walk(statement) if isinstance(node, ast.FunctionDef)]
        found.update((name, min(n.lineno for n in (f, *f.decorator_list)), f.name) for f in functions)
        return text(statement, *rest)

    monkeypatch.setattr(module, "digest", in_file)
    monkeypatch.setattr(module, "_text", noting)
    forget_all()
    return found


@pytest.mark.parametrize("name", ["inpaint", "wire", "gradients"])
def test_whatever_runs_in_a_fit_counts(name, counted):
    ran = functions_of(UNITS[name])
    assert UNITS[name].code
    assert len(ran) > 30
    assert ran - counted == set()
    assert not {function for *_, function in counted} & {"score", "cost"}  # which only scores depend on
