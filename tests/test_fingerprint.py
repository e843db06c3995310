"""The fingerprint follows what the code does, through imports, and nothing else."""

import pytest

from refield import fingerprint as module
from refield.fields.gated import Gated
from refield.fingerprint import closure, fingerprint
from refield.training import Train
from refield.units import code_of

SOURCE = '"""Doc."""\nfrom refield.b import f\n\ndef g(x):\n    """Twice."""\n    return 2 * f(x)  # why\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "refield"
    folder.mkdir()
    monkeypatch.setattr(module, "PACKAGE", folder)
    (folder / "a.py").write_text(SOURCE)
    (folder / "b.py").write_text("import refield.c\ndef f(x): return x\n")
    (folder / "c.py").write_text("import os\nX = 1\n")
    (folder / "d.py").write_text("Y = 1\n")
    yield folder
    fingerprint.cache_clear()


def of_a():
    fingerprint.cache_clear()
    return fingerprint("refield.a")


def test_it_follows_imports_and_stops_at_other_packages(package):
    assert [file.name for file in closure(["refield.a"])] == ["a.py", "b.py", "c.py"]


@pytest.mark.parametrize(
    ("file", "text", "same"),
    [
        ("a.py", SOURCE.replace("# why", "# another reason"), True),
        ("a.py", SOURCE.replace('"""Twice."""', '"""Two times."""'), True),
        ("a.py", SOURCE.replace("2 * f(x)", "(2 * f(x))"), True),
        ("a.py", SOURCE.replace("2 * f(x)", "3 * f(x)"), False),
        ("c.py", "import os\nX = 2\n", False),
        ("d.py", "Y = 2\n", True),
    ],
)
def test_it_changes_with_what_the_code_does(package, file, text, same):
    before = of_a()
    (package / file).write_text(text)
    assert (of_a() == before) is same


def test_the_fitting_code_is_what_makes_a_fit():
    def names(**settings):
        train = Train(iterations=1, learning_rate=1e-3, **settings)
        return {file.name for file in closure(code_of(Gated(gates=("dense",), width=4), train))}

    always = {"fitting.py", "gated.py", "samples.py", "training.py", "codec.py"}
    assert names() >= always | {"engine.py"}
    assert names(engine="reference") >= always | {"reference.py"}
    assert names(precision="mixed") >= always | {"engine.py", "fused.py", "kernels.py"}
    assert not names(precision="mixed") & {"config.py", "metrics.py", "tables.py", "units.py", "making.py"}
    assert not names() & {"fused.py", "kernels.py", "reference.py"}  # float32 never comes from these
