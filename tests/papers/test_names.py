"""Neither the library nor a stage names a paper or a method: adding either must not touch code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import ROOT

from refield import papers
from refield.segmentation import SEGMENTERS

FILES = sorted([*(ROOT / "src/refield").rglob("*.py"), *(ROOT / "stages").glob("*.py")])
PAGES = sorted((ROOT / "src/refield").rglob("*.html"))
PAPERS = sorted(file.parent.name for file in (ROOT / "papers").glob("*/paper.yaml"))
# Words that mean something else as well: segmenters, and a way to draw initial weights. A paper's methods may be called
# as its activations or fields are, so this is asked of one paper only.
OTHERS = {*SEGMENTERS, "siren"}
PAPER = papers.read("oh_bae_2024", ROOT / "papers")


def literals(file: Path) -> Iterator[str]:
    """The strings of a module but its docstrings, which may cite."""
    tree = ast.parse(file.read_text())
    quoted = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in quoted:
            yield node.value


def test_no_code_names_a_method() -> None:
    names = {*PAPER.methods, *PAPER.methods.values(), *(PAPER.gain.called if PAPER.gain else ())} - OTHERS
    word = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})(?!\w)")
    texts = [(file, text) for file in FILES for text in literals(file)] + [(file, file.read_text()) for file in PAGES]
    assert [(str(file), text[:80]) for file, text in texts if word.search(text)] == []


@pytest.mark.parametrize("name", [*PAPERS, "oh_bae"])
def test_no_code_names_a_paper(name: str) -> None:
    """But in addresses, where a repository may be called so."""
    word = re.compile(rf"(?<![a-z]){name}(?![a-z])")
    texts = {file: re.sub(r"https?://\S+", "", file.read_text()) for file in [*FILES, *PAGES]}
    assert [str(file) for file, text in texts.items() if word.search(text)] == []
