from pathlib import Path

import numpy as np
import pytest
from pipeline import ROOT
from pydantic import ValidationError

from refield import config, papers
from refield.papers import Discussion, Paper
from refield.pipeline.layout import Layout
from refield.reports.description import entry
from refield.reports.paper_figures import _figures
from refield.settings import ConfigError
from refield.signals import Image

NAME = "oh_bae_2024"
TEXT = (ROOT / "papers" / NAME / "paper.yaml").read_text()
PAPER = papers.read(NAME, ROOT / "papers")


def changed(folder: Path, old: str, new: str) -> Path:
    """A folder of papers whose only paper has a mistake."""
    assert old in TEXT
    (folder / NAME).mkdir()
    (folder / NAME / "paper.yaml").write_text(TEXT.replace(old, new, 1))
    return folder


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
    better, worse = PAPER.gain.pair
    assert PAPER.published[better] - PAPER.published[worse] == pytest.approx(0.84)


def test_its_claims_hold_of_its_own_numbers() -> None:
    for claim in PAPER.claims:
        if claim.of != "images":
            assert claim.holds({row.method: getattr(row, claim.of) for row in PAPER.rows}), claim.text


def test_every_method_that_it_names_is_one_of_ours() -> None:
    assert PAPER.methods.keys() <= config.read(path=ROOT / "params.yaml").methods.keys()
    # Its own first, in the order of its tables; then the controls: their colours stand in this order.
    assert list(PAPER.published) == list(PAPER.methods)[: len(PAPER.published)]


def test_a_method_that_it_does_not_know_goes_by_its_own_name() -> None:
    assert PAPER.label("another") == "another"


def test_only_the_papers_own_scale_is_comparable() -> None:
    profiles = config.read(path=ROOT / "params.yaml").profiles
    assert PAPER.protocol.differences(profiles["paper"]) == []
    assert PAPER.protocol.differences(profiles["quick"]) == [
        "images from samples instead of kodak",
        "chosen images: 4 named instead of all",
        "image size: resize instead of native",
        "network width 32 instead of 256",
        "iterations: 300 instead of 5000",
    ]
    inpaint = profiles["paper"].model_copy(update={"task": {"kind": "inpaint"}})
    assert PAPER.protocol.differences(inpaint) == ["task: inpaint instead of represent"]


@pytest.mark.parametrize(
    ("name", "profile", "said"),
    [
        ("coin", "crops", "learning rate 0.0005 instead of 0.0002"),
        ("sinco", "slices", "regularisation 1.7e-05 instead of 1"),
        ("siren_polito", "quick_upscale", "learning rate 0.001 instead of 0.0001"),
    ],
)
def test_rates_and_regularisers_of_our_own_are_said(name: str, profile: str, said: str) -> None:
    params = config.read(path=ROOT / "papers" / name / "params.yaml")
    settings = params.profiles[profile]
    protocol = papers.read(name, ROOT / "papers").of(entry(profile, params)).protocol
    assert said in protocol.differences(settings)
    theirs = {"learning_rate": settings.train.learning_rate, "regularisation": settings.task.get("regularisation")}
    assert said not in protocol.model_copy(update=theirs).differences(settings)


def test_a_table_of_one_size_does_not_stand_beside_another() -> None:
    """The published bits per pixel are of slices as large; the paper's own averages stay known."""
    params, paper = config.read(path=ROOT / "papers/sinco/params.yaml"), papers.read("sinco", ROOT / "papers")
    found = {name: [table.number for table in paper.of(entry(name, params)).tables] for name in params.profiles}
    assert found == {"quick": [], "slices": [1], "paper": [1]}
    assert paper.published["coin"] == 34.49
    assert paper.published_in("dice")["coin"] == 0.892


def test_what_figures_call_the_gain_is_of_the_larger_network() -> None:
    """A paper that compares no two methods lists those of its figure so: the first is said to gain over the last."""
    paper, params = papers.read("coin", ROOT / "papers"), config.read(path=ROOT / "papers/coin/params.yaml")
    fields = [params.field("paper", method) for method in paper.charts.figure]
    counts = [sum(each.size for each in field.initialise(2, 3, np.random.default_rng(0)).values()) for field in fields]
    assert counts == sorted(counts, reverse=True)
    assert paper.gain is None


def test_a_regulariser_counts_as_its_task_says_unless_the_profile_does() -> None:
    settings = config.read(path=ROOT / "papers/sinco/params.yaml").profiles["slices"]
    silent = {key: value for key, value in settings.task.items() if key != "regularisation"}
    protocol = papers.read("sinco", ROOT / "papers").protocol

    def differences(task: dict[str, object]) -> str:
        return "; ".join(protocol.differences(settings.model_copy(update={"task": task})))

    assert "regularisation" in differences(settings.task)
    assert "regularisation" not in differences(silent)  # 1, as published
    assert "regularisation" not in differences({"kind": "represent"})  # which has none


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("average: 30.28", "average: 35.28", "siren: the average must lie between"),
        ("average: 30.28", "mean: 30.28", "mean is not a known key"),
        ("average: 30.28", "average: '30.28'", "average = '30.28' is not allowed"),
        ("compare: [ours, ftc]", "compare: [ours, seg_first]", "compare names seg_first, which is in no row"),
        ("    compare: [ours, ftc]\n", "", "compare is missing"),
        ("number: 2", "number: 1", "two tables of one number"),
        ("figure: 3", "figure: 2", "two figures of one number"),
        ("  siren: SIREN\n", "", "methods has no label for siren"),
        ("gates: [ftc, qt, ours]", "gates: [ftc, new]", "no label for new, which charts names"),
        ("task: represent", "task: paint", "'paint' is not allowed"),
        ("source: kodak", "sources: kodak", "protocol.source is missing"),
        ("figure: 2", "figures: 2", "figures is not a known key"),
        ("link: ", "url: ", "link is missing"),
        ("of: images\n    methods: [ours, ftc]", "of: images\n    methods: [ours, ftc, qt]", "compares two methods"),
        ("of: lowest", "of: worst", "'worst' is not allowed"),
        ("methods: [ours, equal_bin]", "methods: [ours]", "methods names one, and order is of two"),
        ("of: lowest", "of: lowest\n    parameters: 9", "least is missing"),
        ("of: images\n    methods", "of: images\n    least: 30.0\n    methods", "least is a level of an average"),
        ("of: images\n    methods", "of: images\n    most: 30.0\n    methods", "most is a level of an average"),
        ("average: 30.28", "average: 30.28, seconds: 9.0", "hardware is missing"),
        ("methods: [ours, equal_bin]", "methods: [ours, ours]", "names one twice"),
        ("{noise}", "{noises}", "words names noises, which is not under differences"),
        ("{gain.verdict}", "{gain.p}", r"words: \{gain.p\} is not allowed"),
        ("{noise}", "{noise", "words: "),
        ("parts: [parameters,", "parts: [weights,", "parts names weights, which is not under differences"),
        ("parts: [parameters,", "measures: [ssim, speed]\n  parts: [parameters,", "measures = 'speed' is not allowed"),
        (
            "parts: [parameters,",
            "measures: [psnr_8bit]\n  parts: [parameters,",
            "measures = 'psnr_8bit' is not allowed",
        ),
        ("differences: [thresholds]", "differences: [cuts]", "the study seeds names cuts"),
        ("show: seeds", "show: all", "'all' is not allowed"),
        ("    thresholds:", "    gain:", "differences must not define gain"),
        ("gain:\n  better: ours\n  worse: ftc\n  called: [Ours, Fine-to-Coarse]\n", "", "gain is missing"),
        (
            "  gain: the paper's gain, the sum of the last three\n",
            "",
            "words names gain, which is not under differences",
        ),
        ("tables:", "tables: [", "not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        papers.read(NAME, changed(tmp_path, old, new))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / NAME / 'paper.yaml'}")


def test_a_paper_without_a_gain_discusses_what_does_not_need_one() -> None:
    coin = papers.read("coin", ROOT / "papers")
    assert coin.gain is None
    assert coin.discussion
    assert coin.discussion.gain is None
    assert coin.discussion.asked == ["larger"]
    plan = {"title": "Seeds", "studies": [{"title": "Other seeds", "study": "seeds", "show": "table"}]}
    assert Discussion.model_validate(plan).asked == []
    plan["studies"][0]["show"] = "seeds"  # type: ignore[index]
    with pytest.raises(ValidationError, match="gain is missing; the study seeds is shown by what becomes of it"):
        Discussion.model_validate(plan)
    values = coin.model_dump(mode="json")
    values["discussion"]["gain"] = "more of it"
    with pytest.raises(ValidationError, match="gain is missing; the other says what it is"):
        Paper.model_validate(values)


def test_a_missing_paper_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no_such/paper.yaml is missing; papers are .*oh_bae_2024"):
        papers.read("no_such", ROOT / "papers")
    with pytest.raises(ConfigError, match="run from the repository's root"):
        papers.read(NAME, tmp_path)


@pytest.mark.parametrize("paper", [None, "coin", "gaussian_image", "mire", "sinco", "siren_polito"])
def test_every_pipeline_has_a_figure_of_the_profile_that_runs(paper: str | None) -> None:
    """Without one its captions would be an empty file."""
    params = config.read(path=ROOT / Layout(paper).params)
    published = papers.read(params.paper, ROOT / "papers")
    for profile in params.runs:
        if params.profiles[profile].signal is Image:
            assert list(_figures(published, entry(profile, params), params.methods_of(profile))), profile
