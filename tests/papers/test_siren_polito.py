"""papers/siren_polito: its numbers as printed, and the results in git that they say how to come by."""

import itertools
import math
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.papers.contest import BEST
from refield.pipeline.layout import Layout
from refield.reports.claims import examine
from refield.reports.description import entry, said
from refield.reports.results import Scores
from refield.signals.sources.addresses import DATA_DIRECTORY
from refield.study import read_study
from refield.units.scoring import COSTS

LAYOUT = Layout("siren_polito")
PAPER = papers.read("siren_polito", ROOT / "papers")
PARAMS = config.read(path=ROOT / LAYOUT.params)
PUBLISHED = {row.method: row for row in PAPER.of(entry("upscale_x8", PARAMS)).rows}

DATA = os.environ.get(DATA_DIRECTORY)
# Rows of tables, and what the files of results call them.
OWN = {"siren": "SIREN", "siren_pe": "SIREN Nerf", "relu_pe": "ReLU Nerf", "psnr_bicubic": "bicubic", "srgan": "SRGAN"}
ALL = {**OWN, "siren_vgg": "SIREN VGG", "siren_pe_vgg": "SIREN Nerf VGG"}
WITH_VGG = {"siren": "SIREN VGG", "siren_pe": "SIREN Nerf VGG"}
CAMERA, DIV2K = "step5__compare_all__skimage__X", "step5__compare_all__div2k__X"
SUPPLEMENTS, SUPPLEMENT = "supplements__vgg_loss__div2k__X", "supplements__vgg_loss__skimage__X4"
Network = tuple[int, int, int, int]
LARGE, TWO, SMALL, LONG = (3, 512, 500, 512), (2, 256, 500, 512), (3, 256, 500, 256), (3, 256, 1000, 512)
NARROW = {"relu": "ReLU", "relu_vgg": "ReLU VGG", "relu_pe": "ReLU Nerf", "relu_pe_vgg": "ReLU Nerf VGG"}
LONGER = NARROW | {
    "siren": "SIREN",
    "siren_vgg": "SIREN VGG",
    "siren_pe": "SIREN Nerf",
    "siren_pe_vgg": "SIREN Nerf VGG",
}
PRINTED = {  # by the number of the table
    4: [(f"{CAMERA}2", "cameraman", LARGE, OWN)],
    5: [
        (f"{CAMERA}4", "cameraman", LARGE, OWN),
        (SUPPLEMENT, "cameraman", LONG, {"relu_256": "ReLU", "relu_pe_256": "ReLU Nerf"}),
    ],
    6: [(f"{CAMERA}8", "cameraman", LARGE, OWN)],
    7: [(f"{CAMERA}2", "cameraman", LARGE, WITH_VGG)],
    8: [
        (f"{CAMERA}4", "cameraman", LARGE, WITH_VGG),
        (SUPPLEMENT, "cameraman", LONG, {"relu_256": "ReLU VGG", "relu_pe_256": "ReLU Nerf VGG"}),
    ],
    9: [(f"{CAMERA}8", "cameraman", LARGE, WITH_VGG)],
    11: [(f"{DIV2K}2", "49", LARGE, ALL)],
    12: [(f"{DIV2K}4", "49", LARGE, ALL)],
    13: [(f"{DIV2K}8", "49", LARGE, ALL)],
    14: [(f"{DIV2K}8", "28", LARGE, ALL)],
    15: [(f"{DIV2K}2", "28", TWO, ALL)],
    16: [(f"{DIV2K}2", "49", TWO, ALL)],
    17: [(f"{DIV2K}4", "28", TWO, ALL)],
    18: [(f"{DIV2K}4", "49", TWO, ALL)],
    19: [(f"{DIV2K}8", "49", TWO, ALL)],
    20: [(f"{DIV2K}4", "143", SMALL, ALL)],
    21: [(f"{DIV2K}8", "143", SMALL, ALL)],
    22: [(f"{SUPPLEMENTS}4", "28", LONG, LONGER)],
    23: [(f"{SUPPLEMENTS}4", "109", LONG, LONGER)],
    24: [(f"{SUPPLEMENTS}4", "143", LONG, LONGER)],
    25: [(f"{SUPPLEMENTS}4", "159", LONG, LONGER)],
    26: [(f"{SUPPLEMENTS}8", "143", LONG, LONGER)],
}


def printed(file: str, image: str, network: Network) -> dict[str, tuple[float, float]]:
    """PSNR and SSIM by name, of a network: its hidden layers, their width, iterations and the large image's side."""
    (path,) = Path(str(DATA)).rglob(f"{file}__results.md")
    layers, width, iterations, side = network
    about = f"to {side}x{side}", f"hidden layers: {layers}", f"hidden features: {width}", f"total steps: {iterations}"
    heading, found = "", dict[str, tuple[float, float]]()
    for match in re.finditer(r"### Image (\w+)|```(.*?)```", path.read_text(), re.DOTALL):
        heading = match[1] or heading
        if match[2] and heading == image and "SSIM:" in match[2] and all(f"{each}\n" in match[2] for each in about):
            halves = (dict(re.findall(r"\t(.+): ([\d.]+)", half)) for half in match[2].split("SSIM:"))
            psnr, ssim = halves
            assert not found.keys() & psnr.keys()
            found |= {name.replace("NeRF", "Nerf"): (float(psnr[name]), float(ssim[name])) for name in psnr}
    assert found
    return found


@pytest.mark.skipif(not DATA, reason=f"{DATA_DIRECTORY} names no folder with its results")
@pytest.mark.parametrize("number", PRINTED)
def test_the_numbers_as_printed(number: int) -> None:
    """And no others, of enlargements."""
    (table,) = (table for table in PAPER.tables if table.number == number)
    expected = {}
    for file, image, network, names in PRINTED[number]:
        found = printed(file, image, network)
        expected |= {row: (round(found[name][0], 3), round(found[name][1], 4)) for row, name in names.items()}
    assert {row.method: (row.average, row.also.get("ssim")) for row in table.rows if row.average} == expected


@pytest.mark.parametrize("number", [number for number in PRINTED if number >= 11])
def test_a_photographs_table_is_of_one_profile_whose_network_is_as_published(number: int) -> None:
    """Its encoding, too: as many octaves as the small image has below its Nyquist frequency."""
    profiles = {name: [table.number for table in PAPER.of(entry(name, PARAMS)).tables] for name in PARAMS.profiles}
    (name,) = (name for name, tables in profiles.items() if number in tables)
    assert profiles[name] == [number]
    ((_, image, (layers, width, iterations, side), _),) = PRINTED[number]
    profile, field = PARAMS.profiles[name], PARAMS.field(name, "siren_pe")
    assert (field.gates, field.width, profile.train.iterations) == (("dense",) * (layers + 1), width, iterations)
    assert (profile.originals.names, profile.originals.frame) == ([f"{int(image) + 1:04}"], "corner")
    assert (profile.originals.long, profile.originals.short) == (side, side)
    assert field.encoding.octaves == math.floor(math.log2(side / profile.task["factor"] / 4))
    assert PAPER.of(entry(name, PARAMS)).protocol.differences(profile) == []


def scores(profile: str, method: str) -> pd.Series:
    """A method's scores of a profile's only image."""
    (row,) = (line for _, line in pd.read_csv(ROOT / LAYOUT.scores_of_all / profile / f"{method}.csv").iterrows())
    return row


def test_every_table_and_every_claim_is_about_a_profile() -> None:
    about = [PAPER.of(entry(profile, PARAMS)) for profile in PARAMS.profiles]
    tables = {table.number for paper in about for table in paper.tables}
    assert tables == {table.number for table in PAPER.tables}
    assert {claim.text for paper in about for claim in paper.claims} == {claim.text for claim in PAPER.claims}


def test_every_contestant_has_a_profile_or_one_setting_of_a_study() -> None:
    claims = PAPER.discussion.claims
    assert {each.profile for claim in claims for each in claim.contestants.values()} - {None} <= PARAMS.profiles.keys()
    for claim in claims:
        for name in claim.studies:
            study = read_study(ROOT / LAYOUT.studies / f"{name}/params.yaml")
            (first, *_) = study.vary[0].get("seed", [None])
            choices = [choice for choice in study.combinations() if choice.get("seed") == first]
            for each in claim.contestants.values():
                fixed = {key: value for key, value in each.at.items() if value != BEST}
                tried = math.prod(len(study.vary[0][key]) for key in each.at.keys() - fixed.keys())
                assert sum(fixed.items() <= choice.items() for choice in choices) == tried
                assert each.method in (*study.methods, *study.scores)
                assert claim.measure in (None, *study.scores)


@pytest.mark.parametrize("task", ["", "_derivatives", "_gradient", "_laplacian", "_upscale"])
def test_each_task_has_its_claims_over_seeds_and_at_best_rates(task: str) -> None:
    """Of fitting, its derivatives, of gradients and the Laplacian and of enlarging; none names a rate, which would be
    that of an earlier run. Of enlarging both grids have their seeds."""
    asked = {name: [claim for claim in PAPER.discussion.claims if claim.studies == [name]] for name in PAPER.studies}
    tuned, seeded = asked[f"rates{task}"], asked[f"seeds{task}"]
    assert tuned
    about = {(claim.measure, *claim.contestants) for claim in tuned}
    assert about == {(claim.measure, *claim.contestants) for claim in seeded}
    assert all(set(each.at.values()) == {BEST} for claim in tuned for each in claim.contestants.values())
    seeds = read_study(ROOT / LAYOUT.studies / f"seeds{task}/params.yaml")
    rates = read_study(ROOT / LAYOUT.studies / f"rates{task}/params.yaml")
    assert (seeds.profile, seeds.methods) == (rates.profile, rates.methods)
    grids = {"profile.task.grid": ["ends", "centred"]} if task == "_upscale" else {}
    assert seeds.vary == [{**grids, "seed": [0, 1, 2]}]
    own = PARAMS.profiles[rates.profile].train.learning_rate
    assert own in rates.vary[0]["profile.train.learning_rate"]


def test_initialisation_and_omega_0_are_asked_over_seeds() -> None:
    """In the fewest and the most layers that its curves show, which are three and nine where the first is counted."""
    for name in ("init_first", "init_hidden", "init_hidden_1", "omega_3", "omega_9"):
        assert read_study(ROOT / LAYOUT.studies / f"{name}/params.yaml").vary[0]["seed"] == [0, 1, 2]


@pytest.mark.parametrize("name", ["init_first", "init_hidden", "omega_3", "omega_9"])
def test_ablations_stand_ready_at_the_published_scale(name: str) -> None:
    """256 pixels, width 256, 1,000 iterations: but for these, and for seeds, they vary what a CPU has varied."""
    here, there = (read_study(ROOT / LAYOUT.studies / f"{each}/params.yaml") for each in (name, f"{name}_paper"))
    assert there.vary == [{key: values for key, values in here.vary[0].items() if key != "seed"}]
    assert (there.methods, there.scores) == (here.methods, here.scores)
    profile, small = PARAMS.profiles[there.profile], PARAMS.profiles[here.profile]
    assert (profile.originals.long, profile.network["width"], profile.train.iterations) == (256, 256, 1000)
    assert (profile.train.learning_rate, profile.device) == (small.train.learning_rate, "cuda")


def test_every_first_layers_law_is_asked_about() -> None:
    claims = [claim for claim in PAPER.discussion.claims if claim.studies == ["init_first"]]
    laws = {each.at["network.mlp.init_first"] for claim in claims for each in claim.contestants.values()}
    assert laws == {*read_study(ROOT / LAYOUT.studies / "init_first/params.yaml").vary[0]["network.mlp.init_first"]}


def test_contestants_over_profiles_differ_in_the_loss_and_encoding_alone() -> None:
    for claim in (claim for claim in PAPER.discussion.claims if not claim.studies and claim.measure is None):
        named = [PARAMS.profiles[each.profile] for each in claim.contestants.values()]
        assert {profile.task["loss"] for profile in named} == {"points", "perceptual"}
        assert len({profile.task["factor"] for profile in named}) == 1
        for first, second in itertools.pairwise(named):
            assert first.originals.names == second.originals.names
            assert (first.network, first.train) == (second.network, second.train)


def test_high_frequencies_are_asked_of_camera_by_each_factor_and_beside_either_bicubic() -> None:
    claims = [claim for claim in PAPER.discussion.claims if claim.measure == "detail" and not claim.studies]
    factors = []
    for claim in claims:
        (name,) = {each.profile for each in claim.contestants.values()}
        pairs = {tuple(claim.contestants[each].method for each in pair) for pair in claim.pairs}
        assert pairs == {("psnr_bicubic", "siren"), ("psnr_bicubic_ends", "siren")}
        assert (PARAMS.profiles[name].originals.names, PARAMS.profiles[name].task["grid"]) == (["camera"], "ends")
        factors.append(PARAMS.profiles[name].task["factor"])
    assert factors == [2, 4, 8]


def test_enlarging_by_eight_is_as_published_but_for_iterations() -> None:
    profile, theirs = PARAMS.profiles["upscale_x8"], PARAMS.profiles["paper_upscale_x8"]
    assert (profile.train.iterations, theirs.train.iterations) == (400, 500)
    assert {"iterations", "trace_every"} == {key for key, value in profile.train if value != getattr(theirs.train, key)}
    assert (profile.task, profile.network, profile.originals) == (theirs.task, theirs.network, theirs.originals)


@pytest.mark.parametrize("method", ["siren", "siren_pe", "relu_pe"])
def test_psnr_of_enlarging_by_eight_comes_out_as_published(method: str) -> None:
    """And SIREN's as it was measured before this code was written, 22.675 dB after 400 iterations."""
    found = scores("upscale_x8", method)
    assert found["psnr_8bit"] == pytest.approx(PUBLISHED[method].average, abs=0.1)
    assert found["psnr_bicubic"] == pytest.approx(PUBLISHED["psnr_bicubic"].average, abs=0.05)
    if method == "siren":
        assert found["psnr_8bit"] == pytest.approx(22.675, abs=0.1)


def test_ssim_of_enlarging_by_eight_is_above_the_published_for_fields_as_for_bicubic() -> None:
    """Ours is of Gaussian windows, theirs of 7 x 7 pixels: tests/tasks/test_published.py has bicubic's by both."""
    found = scores("upscale_x8", "siren")
    siren, bicubic = (PUBLISHED[method].also["ssim"] for method in ("siren", "psnr_bicubic"))
    assert found["ssim_bicubic"] - bicubic == pytest.approx(0.0133, abs=0.001)
    assert found["ssim"] - siren == pytest.approx(found["ssim_bicubic"] - bicubic, abs=0.002)


@pytest.mark.parametrize("profile", ["quick", "fitting", "paper"])
@pytest.mark.parametrize(("share", "answer"), [(0.0, "yes"), (-0.2, "yes"), (0.01, "no")])
def test_that_rectifiers_have_no_second_derivatives_is_asked_at_any_scale(
    profile: str, share: float, answer: str
) -> None:
    """And answered by the share of the image's Laplacian that they have."""
    row = {cost.name: 1.0 for cost in COSTS} | {"psnr_8bit": 20.0, "psnr_gradient": 25.0, "psnr_laplacian": 30.0}
    rows = pd.DataFrame([{"method": "relu", "image": "camera", **row, "laplacian_share": share}])
    asked = examine(Scores(rows, PARAMS.measures(profile)), said(profile, PARAMS, PAPER)).set_index("Claim")
    assert asked.loc["ReLU has no second derivatives", ["Here", "Holds"]].tolist() == [f"{share:.4f}", answer]


@pytest.mark.parametrize("profile", ["gradient", "gradient_published", "gradient_rgb"])
def test_least_squares_find_the_starfish_in_its_gradient(profile: str) -> None:
    assert scores(profile, "siren")["psnr_least_squares"] > 60


def test_omega_0_is_varied_in_two_to_nine_layers_and_shown() -> None:
    """The first is counted, and is not where these are two to eight."""
    for layers in range(2, 10):
        study = read_study(ROOT / LAYOUT.studies / f"omega_{layers}/params.yaml")
        assert {len(choice["profile.network.mlp.gates"]) for choice in study.combinations()} == {layers}
        assert sum(choice.get("seed", 0) == 0 for choice in study.combinations()) == 36
        assert f"omega_{layers}" in PAPER.studies
    (claim, *_) = (claim for claim in PAPER.discussion.claims if "omega_2" in claim.studies)
    assert claim.studies == [f"omega_{layers}" for layers in range(2, 10)]


def test_hidden_initialisations_are_compared_with_omega_0_as_usual_and_without() -> None:
    """In the same networks; without it SIREN's law and Kaiming's uniform one draw the same weights."""
    usual, without = (
        read_study(ROOT / LAYOUT.studies / f"{name}/params.yaml") for name in ("init_hidden", "init_hidden_1")
    )
    omegas = {"network.mlp.first_omega_0": [1.0], "network.mlp.omega_0": [1.0]}
    assert without.vary == [usual.vary[0] | omegas]
    starts = {}
    for choice in without.combinations():
        field = without.params(choice, ROOT / LAYOUT.params).field(without.profile, "siren")
        weights = field.initialise(2, 1, np.random.default_rng(0))
        starts[len(field.gates), choice["network.mlp.init_hidden"]] = np.concatenate(
            [w.ravel() for w in weights.values()]
        )
    for depth in (2, 3, 4):
        assert starts[depth, "siren"] == pytest.approx(starts[depth, "kaiming_uniform"], rel=1e-12)
        assert starts[depth, "siren"] != pytest.approx(starts[depth, "xavier_uniform"], rel=0.1)
