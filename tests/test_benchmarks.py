"""The benchmarks run, at a size that says nothing about speed."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from benchmarks import activations, cpu, gpu, jobs, plain, precision, quoted, race
from benchmarks.contestants import CONTESTANTS
from benchmarks.plain_fields import plain as plain_network
from benchmarks.subjects import GATES, OTHERS, activated, subject
from benchmarks.textbook import Textbook
from pipeline import ROOT

from refield import config, papers
from refield.fields.activations import ACTIVATIONS
from refield.pipeline.layout import Layout
from refield.segmentation import labels
from refield.signals import Image

SIZE = ("16", "24", "8", "4")  # height, width, network width, regions


@pytest.mark.slow
def test_the_gpus_benchmark_writes_its_tables(tmp_path, monkeypatch, capsys):
    contestants = {name: c for name, c in gpu.CONTESTANTS.items() if name != "siren-pytorch"}  # not in `test`
    monkeypatch.setattr(gpu, "CONTESTANTS", contestants)
    monkeypatch.chdir(ROOT)
    gpu.main(device="cpu", height=16, width=24, hidden=8, out=tmp_path)
    table = pd.read_csv(tmp_path / "gpu.csv")
    assert set(table["method"]) == set(GATES)
    assert set(table["by"]) == set(contestants)
    assert (table["median_ms"] > 0).all()
    summary = json.loads((tmp_path / "gpu.json").read_text())
    minutes = sum(summary["step_ms"].values()) * 24 * 5000 / 60_000
    assert summary["projected_minutes"] == pytest.approx(minutes)
    assert "projected_minutes" in capsys.readouterr().out


@pytest.mark.slow
def test_a_contestant_answers_each_turn_with_times():
    command = [sys.executable, "-m", "benchmarks.contestants", "textbook", "ours", *SIZE, "2"]
    done = subprocess.run(command, input="\n\n", cwd=ROOT, text=True, capture_output=True, check=True)
    ready, *answers = done.stdout.splitlines()
    assert ready == "ready"
    assert len(answers) == 2
    for answer in map(json.loads, answers):
        assert set(answer) == {"ms", "cpu_ms", "first_s"}
        assert all(number > 0 for number in answer.values())


@pytest.mark.parametrize("method", GATES)
def test_the_textbook_computes_the_same_function(method):
    field, problem = subject(method, *map(int, SIZE))
    weights = field.initialise(2, 3, np.random.default_rng(0))
    values = Textbook(field, problem, weights, "cpu")(torch.tensor(problem.points))
    torch.testing.assert_close(values, evaluated(field, weights, problem))


def small(name):
    """A field and its problem; of WIRE, whose wavelets are all 0 in a narrow network, a wider one."""
    height, width, hidden, regions = map(int, SIZE)
    return subject(name, height, width, 64 if name.startswith("wire") else hidden, regions)


def evaluated(field, weights, problem):
    """By the definition."""
    tensors = {name: torch.tensor(array) for name, array in weights.items()}
    return field.evaluate(tensors, torch.tensor(problem.points), torch.tensor(problem.labels))


def losses(by, name):
    """That four steps start from."""
    if by == "siren-pytorch":
        pytest.importorskip("siren_pytorch", reason="not in `test`")
    fit, found = CONTESTANTS[by].start(*small(name), "cpu"), []
    for _ in range(4):
        fit.step()
        found.append(fit.loss())
    return np.array(found)


def assert_the_same_steps(by, name):
    expected, found = losses("refield", name), losses(by, name)
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    np.testing.assert_allclose(np.diff(found), np.diff(expected), rtol=0.01)


@pytest.mark.parametrize(
    ("by", "name"),
    [
        *[("textbook", method) for method in GATES],
        ("siren-pytorch", "siren"),
        *[("plain", name) for name in ("siren", *ACTIVATIONS, *OTHERS)],
    ],
)
def test_contestants_take_the_same_steps(by, name):
    assert_the_same_steps(by, name)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of its own
@pytest.mark.parametrize(("by", "name"), [("compiled", "sine"), ("compiled textbook", "ours")])
def test_what_is_compiled_takes_the_same_steps(by, name):
    assert_the_same_steps(by, name)


def test_a_tuned_contestant_differs_by_its_environment_alone():
    for tuned, by in {"tuned": "plain", "single": "tuned", "tuned textbook": "textbook"}.items():
        assert CONTESTANTS[tuned].start is CONTESTANTS[by].start
        assert set(CONTESTANTS[tuned].environment) > set(CONTESTANTS[by].environment)


def test_readme_quotes_the_benchmarks_as_they_are():
    text = (ROOT / "README.md").read_text()
    assert quoted.placed(text, "speed", quoted.block()) == text


def test_a_quoted_number_is_the_others_time_over_refields():
    columns = ["pixels", "width", "name", "by", "cpu_times_refield"]
    rows = [
        ("8x8", 4, "sine", by, times) for by, times in (("refield", 1), ("plain", 2.345), ("tuned", 2), ("single", 3))
    ]
    rows.append(("16x8", 4, "sinc", "products", 0.5))
    table = pd.DataFrame(rows, columns=columns).assign(times_refield=9)  # by the clock
    head, _, *body = quoted.quoted(table, "name").splitlines()
    assert head == "|  | 8x8, width 4: plain | 8x8, width 4: tuned | 16x8, width 4: products alone |"
    assert body == ["| sine | 2.35 | 2.00 | — |", "| sinc | — | — | 0.50 |"]


def test_memory_is_quoted_in_gigabytes_by_size_and_stage():
    rows = [("8x8", "fit", 500), ("8x8", "render", 20), ("16x8", "fit", 1234), ("16x8", "render", 25)]
    head, _, *body = quoted.remembered(pd.DataFrame(rows, columns=["pixels", "stage", "held_mb"])).splitlines()
    assert head == "| GB | fit | render |"
    assert body == ["| 8x8 | 0.50 | 0.02 |", "| 16x8 | 1.23 | 0.03 |"]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_plain_activations_are_the_definitions(name):
    """To a guard's width around singular points."""
    layer = activated(name, 8).layers(2, 3)[0]
    u = torch.linspace(-4, 4, 4001, dtype=torch.float64)[:, None]
    written = plain.Prolate(layer.beta, u.dtype) if name == "prolate" else plain.ACTIVATIONS[name]
    function = ACTIVATIONS[name].function
    error = (written(u, layer.beta) - (function(u, layer.beta) if ACTIVATIONS[name].shaped else function(u))).abs()
    assert error.max() < (plain.NEAR if "cosine" in name else 1e-12)
    assert error.quantile(0.99) < 1e-9


@pytest.mark.parametrize("name", ["siren", *ACTIVATIONS, *OTHERS])
def test_plain_networks_have_the_definitions_values(name):
    field, problem = small(name)
    rng = np.random.default_rng(1)
    start = field.initialise(2, 3, rng)
    weights = {key: array + rng.normal(0, 0.01, array.shape) for key, array in start.items()}  # none at its start
    values, expected = plain_network(field, weights)(torch.tensor(problem.points)), evaluated(field, weights, problem)
    error = (values - expected).abs()
    assert error.max() < (1e-2 if "cosine" in name else 1e-9)
    assert error.quantile(0.9) < 1e-9
    assert values.std(dim=0).min() > 1e-6


COLUMNS = ["by", *[f"{prefix}{each}" for prefix in ("", "cpu_") for each in race.OF_TIMES], "first_s"]
MACHINE = ["device", "threads", "blas", "torch"]


@pytest.mark.slow
def test_a_race_has_a_row_for_each_turn_but_the_first_and_what_was_measured_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(race, "TURNS", 1)
    turns = race.race({by: (by, "ours", *SIZE, "1") for by in cpu.OF_ALL})
    for answers in turns.values():
        assert answers.shape == (1, len(cpu.OF_ALL))
        assert (answers > 0).all(axis=None)
    table = race.on_this_machine(race.compared(turns))
    assert list(table) == [*COLUMNS, *MACHINE]
    assert list(table["by"]) == cpu.OF_ALL
    assert (table.loc[0, [name for name in table if "times" in name]] == 1).all()
    cpu.plot(*(pd.read_csv(f"benchmarks/{name}.csv") for name in ("cpu", "scaling")), tmp_path / "cpu.svg")
    assert (tmp_path / "cpu.svg").stat().st_size > 0


@pytest.mark.parametrize(("seconds", "turns"), [(1e9, 5), (4.5, 4), (0, 2)])
def test_a_race_that_lasts_has_fewer_turns(seconds, turns, monkeypatch):
    """A turn of both contestants takes a second here."""
    now, started = [0.0], shutil.which("true")
    assert started is not None

    def answer(contestant):
        now[0] += 0.5
        return {"ms": 1.0, "cpu_ms": 1.0, "first_s": 1.0}

    monkeypatch.setattr(race, "listen", lambda contestant: "ready\n")
    monkeypatch.setattr(race, "answer", answer)
    monkeypatch.setattr(race.time, "monotonic", lambda: now[0])
    found = race.race({"a": [], "b": []}, seconds, lambda entry, cache: subprocess.Popen([started]))
    assert len(found["ms"]) == turns


def test_a_contestant_that_does_not_start_ends_the_race(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(AssertionError, match="refield does not start"):
        race.race({"refield": ("refield", "ours", *SIZE, "1")})


@pytest.mark.slow
def test_the_benchmark_of_activations_writes_its_table_and_draws_it(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(race, "TURNS", 1)
    monkeypatch.setattr(activations, "SIZES", [(16, 24, 8)])
    monkeypatch.setattr(activations, "CONTESTANTS", ["refield", "passes", "products", "plain", "tuned"])
    monkeypatch.setattr(activations, "COLOR", {by: activations.COLOR[by] for by in activations.CONTESTANTS[1:]})
    activations.main(["gabor", "mfn fourier"], tmp_path)
    table = pd.read_csv(tmp_path / "activations.csv")
    assert list(table) == ["pixels", "width", "kind", "name", *COLUMNS, *MACHINE]
    assert list(table["by"]) == ["refield", "passes", "products", "plain", "tuned", "refield", "plain", "tuned"]
    times = table[table["name"] == "gabor"].set_index("by")["cpu_median_ms"]
    assert times["products"] < times["refield"]
    assert (tmp_path / "activations.svg").stat().st_size > 0


@pytest.mark.slow
def test_the_stores_benchmark_measures_draws_and_tells(tmp_path):
    command = [sys.executable, "-m", "benchmarks.jobs", "50", str(tmp_path)]  # its own process, which it forks
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True)
    table = pd.DataFrame([json.loads(done.stdout.splitlines()[-1])])
    assert (table.drop(columns="bytes") > 0).all(axis=None)
    shares = pd.DataFrame([{"units": n, "minutes": m, "busy": jobs.busy(n, m)} for n in (1000, 2000) for m in (1, 20)])
    assert shares["busy"].between(0, 1, inclusive="neither").all()
    jobs.plot(table, shares, tmp_path / "jobs.svg")
    assert "| 2,000 units |" in jobs.document(table, shares)


def test_the_benchmark_of_precision_has_a_row_for_each_image_and_method(tmp_path, monkeypatch):
    params, layout, rng = config.read(path=ROOT / "params.yaml"), Layout(), np.random.default_rng(0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(precision, "__file__", str(tmp_path / "precision.py"))
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "papers", tmp_path / "papers")
    image = Image(rng.integers(0, 256, (16, 24, 3), dtype=np.uint8))
    files = {layout.signals("quick") / "one.png": image.encode()}
    for name in params.maps:
        regions = np.resize(np.arange(params.regions(name), dtype=np.uint8), (16, 24))
        files[layout.maps("quick", name) / "one.png"] = labels.encode(regions)
    for file, data in files.items():
        file.parent.mkdir(parents=True)
        file.write_bytes(data)
    precision.main(iterations=3)
    table = pd.read_csv("precision.csv")
    assert list(table["method"]) == [row.method for row in papers.read(params.paper).rows]
    assert (table["psnr_float32"] > 0).all()
    for column in ("mixed_minus_float32", "nudged_minus_float32"):
        assert table[column].abs().max() < 0.1
    assert (table["mixed_minus_float32"] != 0).any()


def test_what_takes_more_time_than_is_wanted_is_quoted_with_what_products_leave():
    ratios = {"refield": 1.0, "products": 0.5, "plain": 2.5, "tuned": 2.25}
    table = pd.DataFrame(
        [("sine", by, times) for by, times in ratios.items()], columns=["name", "by", "cpu_times_refield"]
    )
    table = table.assign(kind="activation", pixels="8x8")
    assert quoted.missed(table) == (
        "\n\nWanted of an activation are 3 times (plain) and 2 times (tuned). Below that are sine at 8x8 with 2.50 "
        "(plain; 5.00 if all else were free)."
    )
    assert quoted.missed(table.assign(cpu_times_refield=table["cpu_times_refield"] * 2)) == ""
    assert quoted.missed(table.drop(columns="kind")) == ""
