"""What stands below a profile's table: beside which published numbers, and what its methods are told."""

import pytest
from pipeline import ROOT

from refield import config, papers
from refield.pipeline.layout import Layout
from refield.reports.description import entry
from refield.reports.scales import compared, told_by_regions


@pytest.mark.parametrize(
    ("paper", "profile", "said"),
    [
        ("mire", "quick", "No published number is known; none stands beside."),
        ("siren_polito", "laplacian", "No published number is of this task and these images; none stands beside."),
        ("siren_polito", "upscale_x8", "The published numbers stand beside for reference"),
    ],
)
def test_that_no_number_stands_beside_is_said_as_it_is(paper: str, profile: str, said: str) -> None:
    """Of one all numbers are pictures, whatever the task; another has printed some, of other tasks."""
    params, known = config.read(path=ROOT / Layout(paper).params), papers.read(paper, ROOT / "papers")
    assert said in compared(params.profiles[profile], known.of(entry(profile, params)), known)


def test_what_is_measured_apart_is_said_at_the_papers_own_scale() -> None:
    """The differences there are not those of the reproduction alone; elsewhere a profile departs in more than that."""
    params, known = config.read(path=ROOT / Layout("coin").params), papers.read("coin", ROOT / "papers")
    assert known.measured_apart

    def text(profile: str, paper: papers.Paper) -> str:
        return compared(params.profiles[profile], paper.of(entry(profile, params)), paper)

    said = "This is the paper's own scale"
    apart = f"{said}, but {known.measured_apart}; the differences are those of both."
    assert text("paper", known) == apart
    silent = known.model_copy(update={"measured_apart": None})
    assert text("paper", silent) == f"{said}: the differences are those of the reproduction."
    assert text("crops", known) == text("crops", silent) != apart


@pytest.mark.parametrize(
    ("profile", "told"), [("inpaint_text", ["finer_segment"]), ("superresolve", ["finer_segment"]), ("crops", [])]
)
def test_regions_of_an_original_tell_of_what_is_hidden(profile: str, told: list[str]) -> None:
    """Tiles are of the plane, and tell nothing; where all is seen there is nothing to tell."""
    params = config.read(path=ROOT / Layout("mire").params)
    assert told_by_regions(profile, ["finer", "finer_segment", "finer_tiles", "siren"], params) == told
