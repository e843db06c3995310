"""The benchmarks run, at a size that says nothing about speed."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from benchmarks import cpu, gpu, jobs, precision
from benchmarks.contestants import GATES, Textbook, noise
from pipeline import ROOT

from refield import config, papers
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
def test_a_contestant_answers_each_turn_with_a_time():
    command = [sys.executable, "-m", "benchmarks.contestants", "textbook", "ours", *SIZE, "2"]
    done = subprocess.run(command, input="\n\n", cwd=ROOT, text=True, capture_output=True, check=True)
    assert len(done.stdout.split()) == 2
    assert all(float(answer) > 0 for answer in done.stdout.split())


@pytest.mark.parametrize("method", GATES)
def test_the_textbook_computes_the_same_function(method):
    field, problem = noise(method, *map(int, SIZE))
    weights = {name: torch.tensor(w) for name, w in field.initialise(2, 3, np.random.default_rng(0)).items()}
    textbook = Textbook(field, problem, "cpu").double()
    for i, experts in enumerate(textbook.experts):
        for e, expert in enumerate(experts):
            expert.weight.data, expert.bias.data = weights[f"layers.{i}.weight"][e].T, weights[f"layers.{i}.bias"][0]
    points = torch.tensor(problem.points)
    torch.testing.assert_close(textbook(points), field.evaluate(weights, points, torch.tensor(problem.labels)))


@pytest.mark.slow
def test_a_race_has_a_row_for_each_turn_but_the_first_and_what_was_measured_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cpu, "TURNS", 1)
    table = cpu.race({"step": ("refield", "ours", *SIZE, "1")})
    assert table.shape == (1, 1)
    assert (table["step"] > 0).all()
    cpu.plot(*(pd.read_csv(f"benchmarks/{name}.csv") for name in ("cpu", "scaling")), tmp_path / "cpu.svg")
    assert (tmp_path / "cpu.svg").stat().st_size > 0


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
