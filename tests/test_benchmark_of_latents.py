"""The benchmark of latents runs, its contestants take the same steps, and what no step can do without is counted."""

import numpy as np
import pandas as pd
import pytest
from benchmarks import latents, plain_latents, quoted, race
from benchmarks.subjects import noise

from refield.coding import file
from refield.fields.latents import Latents
from refield.fitting.latents import level, passes
from refield.fitting.mlp import loops


@pytest.mark.parametrize("activation", plain_latents.ACTIVATIONS)
@pytest.mark.parametrize("by", [by for by in latents.STEPPING if by != "refield"])
def test_contestants_take_the_same_steps(by, activation, monkeypatch):
    monkeypatch.setattr(plain_latents, "CHUNK", 100)
    monkeypatch.setattr(loops, "installed", loops.installed)  # which by_passes replaces
    losses = {}
    for each in ("refield", by):
        fit, losses[each] = latents.start(each, activation, 16, 24), []
        for _ in range(4):
            fit.step()
            losses[each].append(fit.loss())
    np.testing.assert_allclose(losses[by], losses["refield"], rtol=2e-6)
    np.testing.assert_allclose(np.diff(losses[by]), np.diff(losses["refield"]), rtol=0.01)


def test_products_and_copies_are_the_steps_own(monkeypatch):
    """Matrix products alone, of all that has any; and the bytes of an image with one grid, counted by hand."""
    for module in (level, passes):
        monkeypatch.setattr(module, "Program", module.Program)  # which by_products replaces
    problem = noise(16, 24, 2)
    field = Latents(finest=(16, 24), levels=1, width=5, activation="sine")
    whole = latents.descent(field, problem)
    pixels = grid = 16 * 24
    network = (1 + 1) * 5 + (5 + 1) * 5 + (5 + 1) * 3
    # Spread and its derivative are as large as the grid; all rows are one chunk.
    assert latents.of_memory(whole) == 4 * (2 * 2 * pixels + 4 * pixels + 9 * (grid + network) + 2 * 3 * pixels)
    latents.by_products(field, problem)
    assert level.Program is passes.Program is latents.Products
    alone = latents.descent(field, problem).evaluation

    def called(evaluation):
        programs = [evaluation._passes().program(0, back=True)]
        programs += [each for level in evaluation.levels for each in (level.spreading, level.gathering)]
        return [call[0] for program in programs for call in program.calls]

    of_step = called(whole.evaluation)
    assert called(alone) == [call for call in of_step if call is np.matmul] != of_step


def test_what_is_decoded_is_a_file_of_that_size_and_holds_a_picture():
    data = latents.encoded(48, 64)
    assert file.decode(data).shape == (48, 64)
    assert 8 * len(data) / (48 * 64) > latents.BPP / 2  # rather than a grey one


def test_a_contestant_on_two_threads_has_them_and_all_others_have_one(monkeypatch):
    environments = {}
    monkeypatch.setattr(
        latents, "started", lambda command, environment: environments.update({command[-1]: environment})
    )
    for by in latents.CONTESTANTS:
        latents.process((by, "sine", 16, 24), "")
    threads = {call.split("'")[1]: environment["OMP_NUM_THREADS"] for call, environment in environments.items()}
    assert threads == {by: "2" if by == "two" else "1" for by in latents.CONTESTANTS}


def test_a_table_of_latents_is_quoted_with_how_long_a_file_takes(tmp_path, monkeypatch):
    ratios = {"refield": (1, 1), "plain": (2.5, 2.4), "two": (1.1, 0.6), "traffic": (0.1, 0.2)}
    rows = [("sine", by, 100.0, *of, None) for by, of in ratios.items()] + [("decoding", "refield", 1234.0, 1, 1, 0.6)]
    table = pd.DataFrame(rows, columns=["name", "by", "cpu_median_ms", "cpu_times_refield", "times_refield", "bpp"])
    table = table.assign(pixels="8x8", width=24, device="CPU", blas="openblas", torch="2.13.0+cpu")
    monkeypatch.setattr(quoted, "HERE", tmp_path)
    assert quoted.block() == ""
    table.to_csv(tmp_path / "latents.csv", index=False)
    assert quoted.block().splitlines() == [
        "[latents.csv](benchmarks/latents.csv), CPU, openblas, torch 2.13.0+cpu:",
        "",
        "|  | 8x8, width 24: plain | 8x8, width 24: on two threads | 8x8, width 24: memory alone |",
        "| --- | ---: | ---: | ---: |",
        "| sine | 2.50 | 0.60 | 0.10 |",
        "",
        "A file of latents of 8x8 pixels and 0.60 bits per pixel is decoded in 1.23 s of one core.",
    ]
    table.drop(columns="bpp").to_csv(tmp_path / "latents.csv", index=False)
    assert "is decoded" not in quoted.block()


@pytest.mark.slow
def test_a_race_has_rows_of_all_contestants_and_of_the_floor(monkeypatch):
    monkeypatch.setattr(race, "TURNS", 1)
    table = latents.measure("gelu", 16, 24).set_index("by")
    assert list(table.index) == ["refield", "two", "passes", "plain", "chunked", "products", "traffic", "floor"]
    assert list(table["threads"]) == [1, 2, *[1] * 6]
    assert (table["cpu_median_ms"] > 0).all()
    of = table["cpu_median_ms"]
    assert of["floor"] == pytest.approx(of["products"] + of["traffic"])
    (decoding,) = latents.measure("decoding", 16, 24).to_dict("records")
    assert decoding["by"] == "refield"
    assert decoding["bpp"] > 0
    assert table["bpp"].isna().all()
