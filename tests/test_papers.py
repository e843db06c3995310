from pathlib import Path

import pytest

from refield import config, papers
from refield.config import ConfigError

TEXT = Path("papers.yaml").read_text()
PAPER = papers.read()["oh_bae_2024"]


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    file = tmp_path / "papers.yaml"
    file.write_text(TEXT.replace(old, new, 1))
    return file


def test_the_numbers_as_printed() -> None:
    """Typed a second time, from the paper."""
    printed = {
        1: {
            "siren": (30.28, 35.00, 23.75),
            "ftc": (38.41, 41.15, 35.39),
            "qt": (36.35, 39.42, 31.98),
            "ours": (39.25, 42.04, 36.45),
        },
        2: {
            "seg_first": (37.51, 40.72, 34.31),
            "seg_second": (37.53, 40.73, 34.03),
            "seg_third": (38.34, 41.49, 34.53),
            "ours": (39.25, 42.04, 36.45),
        },
        3: {"equal_bin": (39.02, 42.05, 35.82), "ours": (39.25, 42.04, 36.45)},
    }
    read = {
        table.number: {row.method: (row.average, row.highest, row.lowest) for row in table.rows}
        for table in PAPER.tables
    }
    assert read == printed
    # The abstract's number.
    average = {row.method: row.average for row in PAPER.rows}
    assert average["ours"] - average["ftc"] == pytest.approx(0.84)


def test_every_method_is_one_of_ours() -> None:
    assert PAPER.methods.keys() == set(config.read().method_names)
    # Its own first, in the order of its tables; then the controls.
    published = [row.method for row in PAPER.rows]
    assert published == list(PAPER.methods)[: len(published)]


def test_only_the_papers_own_scale_is_comparable() -> None:
    profiles = config.read().profiles
    assert PAPER.protocol.differences(profiles["paper"]) == []
    assert PAPER.protocol.differences(profiles["quick"]) == [
        "images from samples instead of kodak",
        "chosen images: 4 named instead of all",
        "image size: resize instead of native",
        "network width 64 instead of 256",
        "iterations: 300 instead of 5000",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("average: 30.28", "average: 35.28", "siren: the average must lie between"),
        ("average: 30.28", "mean: 30.28", "average is missing"),
        ("average: 30.28", "average: '30.28'", "average = '30.28' is not allowed"),
        ("compare: [ours, ftc]", "compare: [ours, seg_first]", "compare names seg_first, which is in no row"),
        ("    siren: SIREN\n", "", "methods has no label for siren"),
        ("source: kodak", "source: div2k", "protocol.source = 'div2k' is not allowed"),
        ("figure: 2", "figures: 2", "figure is missing"),
        ("  link: ", "  url: ", "link is missing"),
        ("tables:", "tables: [", "not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        papers.read(changed(tmp_path, old, new))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"papers.yaml is missing"):
        papers.read(tmp_path / "papers.yaml")
