"""The benchmarks run, at a size that says nothing about speed."""

import json
import subprocess
import sys

import pandas as pd
import pytest
from benchmarks import gpu
from benchmarks.contestants import GATES
from pipeline import ROOT


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


def test_a_contestant_answers_each_turn_with_a_time():
    command = [sys.executable, "-m", "benchmarks.contestants", "textbook", "ours", "16", "24", "8", "4", "2"]
    done = subprocess.run(command, input="\n\n", cwd=ROOT, text=True, capture_output=True, check=True)
    assert len(done.stdout.split()) == 2
    assert all(float(answer) > 0 for answer in done.stdout.split())
