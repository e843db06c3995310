"""Whatever does not fit together in a clone is found, and named with its remedy."""

import shutil

import pytest

from refield import config
from refield.pipeline import audit
from refield.pipeline.layout import Layout

STALE = {
    "parameter": (lambda p: p.set({"seed": 1}), "check: changed deps: params.yaml:seed is modified"),
    "scores": (
        lambda p: p.append("src/refield/scores/metrics.py", "\n"),
        "report: changed deps: src/refield/scores is modified",
    ),
    "code": (
        lambda p: p.change("src/refield/fitting/mlp/engine.py", "SHARDS = 8", "SHARDS = 9"),
        "wanted@quick: changed deps: src/refield is modified",
    ),
    "table": (
        lambda p: p.append("reports/tables.md", "\n"),
        "report: changed outs: reports/tables.md is modified",
    ),
    "score": (
        lambda p: p.append("reports/scores/quick/ours.csv", "\n"),
        "evaluate@quick: changed outs: reports/scores/quick is modified",
    ),
    "method": (lambda p: p.set({"methods.qt": {"gates": [2]}}), "check: changed deps: params.yaml:methods is modified"),
    "number": (
        lambda p: p.change("reports/tables.csv", "siren", "sirenn"),
        "reports/tables.csv is not what reports/scores",
    ),
    "README": (
        lambda p: p.change("README.md", "| SIREN |", "| SIREN | 99.99 |"),
        "the results in README.md are out of date",
    ),
    "cache": (
        lambda p: p.damage_cache("weights.safetensors"),
        "is damaged; remove it with data/quick/fits and",
    ),
    "lock": (lambda p: (p.folder / "dvc.lock").write_text("schema: '2.0'\n"), "dvc.lock was left half-written"),
    "running": (lambda p: (p.folder / ".dvc/tmp/rwlock").write_text(""), ".dvc/tmp/rwlock was left half-written"),
}


@pytest.mark.parametrize(
    "names",
    [
        ("parameter", "code", "number", "README", "cache"),
        ("scores", "score", "table", "method"),
        ("lock",),
        ("running",),
    ],
    ids=", ".join,
)
def test_stale_results_are_found_and_named(project, names):
    """Several at once, none of which brings about what is said of another."""
    for name in names:
        STALE[name][0](project)
    shown = project.refield("verify", succeeds=False)
    assert [name for name in names if STALE[name][1] not in shown] == []


def test_a_comment_makes_nothing_stale(project):
    project.append("src/refield/fitting/mlp/engine.py", "# said otherwise\n")
    assert "up to date for quick" in project.refield("verify")


@pytest.mark.slow
def test_runs_may_change_without_making_a_profile_stale(project):
    project.set({"runs": ["quick", "kodak_crops"]})
    shown = project.refield("verify", succeeds=False)
    assert "@quick" not in shown
    assert "fit@kodak_crops: has never run" in shown


@pytest.mark.slow
def test_fits_are_decoded_and_fitted_anew(project):
    command = ("refield", "verify", "--decode", "--refit", "2")
    said = project.sh(*command).stdout
    assert "8 of 8 fits decode to their pictures" in said
    assert said.count("fitted anew, the same bytes") == 2
    fits = project.folder / "data/quick/fits"
    for fit in fits.glob("*/astronaut"):  # of another image
        for name in ("weights.safetensors", "curve.csv"):
            shutil.copyfile(fit.parent / "coffee" / name, fit / name)
    said = project.fails(*command[:2], "--decode")
    assert "4 of 8 fits decode to their pictures" in said
    assert "fits/ours/astronaut: its weights decode to a picture that differs by up to" in said
    said = project.fails(*command[:2], "--refit", "8")
    assert said.count("weights.safetensors, curve.csv came out otherwise, on a machine of the same kind") == 4
    shutil.rmtree(fits)
    assert "holds no fits to check; run `dvc repro`" in project.fails(*command)


def test_a_fit_from_another_machine_may_differ(project, capsys):
    for table in (project.folder / "reports/provenance/quick").glob("*.csv"):
        table.write_text(table.read_text().replace(",CPU (", ",Abacus ("))
    for weights in (project.folder / "data/quick/fits").glob("*/astronaut/weights.safetensors"):
        weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with project.inside():
        assert audit.refitted(Layout(), config.read(), 8) == []
    said = capsys.readouterr().out
    assert said.count(", PSNR ") == 4
    assert said.count("the same bytes (then device Abacus (") == 4
