"""The tutorial runs, and prints and shows what git has of it; `REGENERATE=1` writes that anew."""

import copy
import os
import re
import resource

import nbformat
import pytest
from nbclient import NotebookClient
from pipeline import ROOT

FILE = ROOT / "docs/tutorial.ipynb"
NUMBER = re.compile(r"-?\d+(?:,\d{3})*(?:\.\d+)?")


def executed(notebook: nbformat.NotebookNode, folder: str) -> nbformat.NotebookNode:
    """The notebook after its run in an empty folder, with whatever its fits' progress bars showed."""
    notebook = copy.deepcopy(notebook)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}, record_timing=False).execute()
    return notebook


def lasting(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without progress bars, which are of use while it runs only."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}  # without its version
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("data", {}).get("text/plain") not in ("Output()", "")]
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> list[tuple[str, tuple[str, ...], str]]:
    """Of each output of each cell, the kinds that it comes in and what it says."""
    found = [(cell.id, o) for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    return [
        (cell, tuple(sorted(o.get("data", [o.get("name")]))), o.get("text") or o["data"]["text/plain"])
        for cell, o in found
    ]


def test_its_outputs_are_small_and_in_git():
    assert FILE.stat().st_size < 300_000
    notebook = nbformat.read(FILE, as_version=4)
    nbformat.validate(notebook)
    kinds = {kind for _, some, _ in outputs(notebook) for kind in some}
    assert kinds == {"stdout", "text/plain", "text/html", "image/png", "image/jpeg"}
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.slow
def test_it_runs_in_a_minute_of_two_cores_and_says_what_it_said(tmp_path):
    kept = nbformat.read(FILE, as_version=4)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = executed(kept, str(tmp_path))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "image 1/1" in str(run.metadata.widgets)  # the progress of a fit
    now = lasting(run)
    if os.environ.get("REGENERATE") == "1":
        nbformat.write(now, FILE)
        kept = now
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 2 * 60
    for (cell, kinds, said), (kept_cell, kept_kinds, kept_said) in zip(outputs(now), outputs(kept), strict=True):
        assert (cell, kinds, NUMBER.sub("#", said)) == (kept_cell, kept_kinds, NUMBER.sub("#", kept_said))
        numbers, kept_numbers = (
            [float(number.replace(",", "")) for number in NUMBER.findall(text)] for text in (said, kept_said)
        )
        assert numbers == pytest.approx(kept_numbers, rel=0.02), cell
    print(f"{seconds:.0f} s of one core")
