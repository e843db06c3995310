"""What a user is promised of the pipeline, tried on a small copy of it with the real dvc."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from pipeline import STUDY, Project, cached, fitted, planned, ran

from refield.errors import UserError
from refield.pipeline import studies
from refield.pipeline.layout import Layout
from refield.study import COURSE

METHODS = ("siren", "ftc", "ours", "equal_bin")
ALL = dict.fromkeys(METHODS, (0, 2))
WITHOUT_TORCH = "raise ImportError('torch is not wanted here')"
SHOWN = {"figures@quick", "page@quick", "provenance@quick", "report", "index"}
OWN = {"source": "folder", "names": "all", "frame": "native", "color": "rgb"}
RESULTS = ("data/quick/fits", "reports/scores", "reports/curves", "reports/figures", "reports/charts")


def test_a_second_run_has_nothing_to_do(project):
    assert "Data and pipelines are up to date." in project.dvc("repro")


def test_another_segmentation_touches_only_the_segment_gates(project, tmp_path):
    """As planned, and without torch, which takes a second to import: there is nothing to fit."""
    assert "Nothing would run" in project.refield("plan")
    lines = planned(project.refield("plan", "-S", "seg.method=equal_bin"))
    assert "multi_otsu → equal_bin" in lines["check"]
    assert "8 reused" in lines["fit@quick"]
    (tmp_path / "torch.py").write_text(WITHOUT_TORCH)
    project.environment["PYTHONPATH"] += f":{tmp_path}"
    project.set({"seg.method": "equal_bin"})
    output = project.dvc("repro")
    assert ran(output) == {"check", "wanted@quick", "fit@quick", "evaluate@quick", *SHOWN}
    # Ours with equal bins is the very unit of Table 3's equal_bin, which is in the store; that has a map of its own.
    assert "quick: 8 fits, none of which were made now" in output
    assert {stage.partition("-")[0] for stage in ran(output)} <= lines.keys()
    assert "Nothing would run" in project.refield("plan")


@pytest.mark.slow
def test_a_segmentation_that_was_there_before_runs_nothing_anew(project):
    scores = ("fit@quick", "evaluate@quick")
    assert ran(project.dvc("exp", "run", "-S", "seg.method=equal_bin", *scores)) == {"check", "wanted@quick", *scores}
    back = project.dvc("exp", "run", "-S", "seg.method=multi_otsu", *scores)
    assert not fitted(back)
    assert "evaluate@quick" in cached(back)


@pytest.mark.slow
def test_another_number_of_regions_maps_and_fits_anew(project):
    output = project.dvc("exp", "run", "-S", "seg.regions=3")
    assert fitted(output) == {"ours": (0, 2), "equal_bin": (0, 2)}
    assert {"segment@quick-multi_otsu", "segment@quick-equal_bin"} <= ran(output)
    assert not ran(output) & {"download@quick", "prepare@quick"}


@pytest.mark.slow
def test_another_gate_fits_its_method_only(project):
    project.set({"methods.ftc.gates": [64, 8, 4, 2]})
    output = project.dvc("repro")
    assert fitted(output) == {"ftc": (0, 2)}
    assert ran(output) == {"check", "wanted@quick", "fit@quick", "evaluate@quick", *SHOWN}


@pytest.mark.slow
def test_a_methods_own_rate_fits_that_method_only(project):
    project.set({"methods.ftc.train": {"learning_rate": 1.0e-3}})
    assert fitted(project.dvc("repro", "fit@quick")) == {"ftc": (0, 2)}


@pytest.mark.slow
def test_another_task_fits_and_scores_anew(project):
    project.set({"profiles.quick.task": {"kind": "inpaint", "hidden": 0.5}})
    output = project.dvc("repro")
    assert fitted(output) == ALL
    assert ran(output) >= {"evaluate@quick", *SHOWN}
    columns = pd.read_csv(project.folder / "reports/scores/quick/ours.csv").columns
    assert {"psnr_hidden", "psnr_visible", "psnr_8bit", "ssim"} <= set(columns)
    assert "hidden" in (project.folder / "reports/tables.md").read_text()


@pytest.mark.slow
def test_another_image_fits_that_image_only(project):
    project.set({"profiles.quick.images.names": ["astronaut", "coffee", "rocket"]})
    assert fitted(project.dvc("repro", "fit@quick")) == dict.fromkeys(METHODS, (2, 1))


@pytest.mark.slow
def test_another_method_fits_that_method_only(project):
    project.set({"methods.qt": {"gates": [2, 4, 8, 128]}})
    output = project.dvc("repro")
    assert fitted(output) == {"qt": (0, 2)}
    assert not {stage for stage in ran(output) if "-" in stage}


def test_code_of_the_report_or_of_a_score_fits_nothing(project):
    project.append("src/refield/reports/tables.py", "\nEDITED = True\n")
    assert planned(project.refield("plan")).keys() == {"check", "wanted@quick", *SHOWN}
    project.change("src/refield/scores/metrics.py", "255**2 / np", "255.0**2 / np")
    lines = planned(project.refield("plan"))
    assert lines.keys() == {"check", "wanted@quick", "evaluate@quick", *SHOWN}
    output = project.dvc("repro", "evaluate@quick")
    assert ran(output) == {"check", "wanted@quick", "evaluate@quick"}


@pytest.mark.slow
def test_code_of_the_report_makes_all_that_is_shown_anew(project):
    project.append("src/refield/reports/tables.py", "\nEDITED = True\n")
    assert ran(project.dvc("repro")) == {"check", "wanted@quick", *SHOWN}


@pytest.mark.slow
def test_a_number_of_regions_of_the_iou_scores_anew_and_fits_nothing(project):
    output = project.dvc("exp", "run", "-S", "scores.iou_regions=3")
    assert not fitted(output)
    assert "evaluate@quick" in ran(output)


def test_a_line_of_the_fitting_code_fits_what_it_can_change(project):
    project.append("src/refield/fitting/mlp/engine.py", "\n# edited\n")
    project.append("src/refield/fitting/mlp/kernels.py", "\nEDITED = True\n")  # of mixed precision only
    assert planned(project.refield("plan")).keys() == {"check", "wanted@quick"}
    wanted = project.digests("reports/wanted")
    project.change("src/refield/fitting/mlp/engine.py", "SHARDS = 8", "SHARDS = 9")
    assert fitted(project.dvc("repro", "fit@quick")) == ALL
    assert not wanted.items() & project.digests("reports/wanted").items()  # nor would any other fit stay as it is


@pytest.mark.slow
def test_iterations_of_one_profile_leave_the_others_alone(project):
    project.set({"profiles.kodak_crops.train.iterations": 7})
    assert ran(project.dvc("repro")) == {"check", "report", "index"}
    project.set({"profiles.quick.train.iterations": 7})
    assert set(fitted(project.dvc("repro", "fit@quick")).values()) == {(0, 2)}


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes_whatever_the_threads(finished, tmp_path):
    other = Project.create(tmp_path / "refield", tmp_path / "units")
    other.environment["OMP_NUM_THREADS"] = "1"
    assert set(fitted(other.dvc("repro")).values()) == {(0, 2)}
    assert other.digests(*RESULTS) == finished.digests(*RESULTS)
    assert (other.folder / "reports/tables.csv").read_bytes() == (finished.folder / "reports/tables.csv").read_bytes()


def test_a_clone_without_caches_regenerates_its_tables_byte_for_byte(finished, tmp_path):
    finished.sh("git", "clone", "-q", str(finished.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", tmp_path / "units")
    assert "up to date for quick" in clone.refield("verify")
    assert ran(clone.dvc("repro", "--single-item", "--force", "report")) == {"report"}
    clone.sh("git", "diff", "--exit-code", "HEAD")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seg.method=nonsense", "'nonsense' is not allowed; it must be one of multi_otsu, equal_bin"),
        pytest.param("+seg.metod=equal_bin", "seg.metod is not a known key", marks=pytest.mark.slow),
        pytest.param("runs=[quik]", "'quik', which is no profile", marks=pytest.mark.slow),
    ],
)
def test_bad_parameters_stop_before_any_work(project, override, said):
    before = project.digests("data", "reports")
    output = project.fails("dvc", "exp", "run", "-S", override)
    assert said in output
    assert ran(output) <= {"check"}
    after = project.digests("data", "reports")
    assert {name: after.get(name, before[name]) for name in before} == before


@pytest.mark.slow
def test_a_remote_brings_results_to_another_clone(project, tmp_path):
    project.sh("dvc", "remote", "add", "--default", "bucket", str(tmp_path / "bucket"))
    project.commit("remote")
    project.dvc("push")
    project.sh("git", "clone", "-q", str(project.folder), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", tmp_path / "units")
    clone.dvc("pull", "--allow-missing")  # studies have no results yet
    assert "8 of 8 fits decode" in clone.sh("refield", "verify", "--decode").stdout
    assert "up to date" in clone.dvc("repro")
    clone.set({"methods.ftc.gates": [64, 8, 4, 2]})
    assert fitted(clone.dvc("repro", "fit@quick")) == {"ftc": (0, 2)}  # and nothing of what was pulled


@pytest.mark.slow
def test_nothing_but_a_fit_needs_torch(project, tmp_path):
    (tmp_path / "torch.py").write_text(WITHOUT_TORCH)
    project.environment["PYTHONPATH"] += f":{tmp_path}"
    method = ("fit@quick", "evaluate@quick")  # its units are in the store
    inputs = ("check", "prepare@quick", "segment@quick-multi_otsu", "wanted@quick")
    stages = {*inputs, *method, "figures@quick", "page@quick", "provenance@quick", "report", "index"}
    assert ran(project.dvc("repro", "--force", "--single-item", *stages)) == stages
    project.environment["REFIELD_REFIT"] = "1"
    assert (
        "torch is not wanted here"
        in project.sh("python", "-m", "stages.fit", "quick", "--only", "siren", check=False).stdout
    )


@pytest.mark.slow
def test_a_gpu_profile_stops_at_once_without_a_gpu(project):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    output = project.fails("dvc", "exp", "run", "-S", "runs=[paper]")
    assert "profile paper needs a CUDA GPU" in output
    assert "days" in output
    assert "REFIELD_DEVICE=cpu" in output
    assert ran(output) == {"check"}


@pytest.fixture
def own(project):
    """A profile of the user's photographs, which are not there yet."""
    project.edit(lambda params: params["profiles"].update(mine={**params["profiles"]["quick"], "images": OWN}))
    project.set({"runs": ["mine"]})
    return project.folder / "data/sources/mine"


@pytest.mark.slow
def test_own_images_are_watched(project, own):
    from PIL import Image, ImageOps

    output = project.fails("dvc", "repro")
    assert "data/sources/mine is missing; make it and put the photographs there" in output
    assert ran(output) == {"check"}
    own.mkdir()
    Image.open(project.folder / "data/quick/images/coffee.png").save(own / "holiday.jpg", quality=95)
    project.dvc("repro", "evaluate@mine")
    assert "holiday" in (project.folder / "reports/scores/mine/siren.csv").read_text()
    ImageOps.mirror(Image.open(project.folder / "data/quick/images/astronaut.png")).save(own / "me.png")
    assert "mine/siren: 1 units reused, 1 fitted" in project.dvc("repro", "fit@mine")
    (own / "torn.png").write_bytes((own / "me.png").read_bytes()[:300])
    assert "torn.png" in project.fails("dvc", "repro")


@pytest.mark.slow
def test_own_images_join_the_tables(project, own):
    own.mkdir()
    shutil.copy(project.folder / "data/quick/images/coffee.png", own / "holiday.png")
    project.dvc("repro")
    assert "holiday" in (project.folder / "reports/scores/mine/ours.csv").read_text()
    assert "mine" in (project.folder / "reports/tables.md").read_text()
    assert "quick" in (project.folder / "reports/tables.md").read_text()


@pytest.mark.slow
def test_a_damaged_unit_is_fitted_again(finished, tmp_path):
    project = finished.copy(tmp_path / "refield", tmp_path / "units")
    before = project.digests("data/quick/fits")
    shutil.rmtree(project.folder / "data/quick/fits/siren")
    assert fitted(project.dvc("repro", "-s", "-f", "fit@quick")) == {"siren": (0, 2)}  # the others are here
    for weights in project.units.glob("*/*/weights.safetensors"):
        weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    file = project.folder / "data/quick/fits/siren/coffee/weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert fitted(project.dvc("repro", "-s", "-f", "fit@quick")) == {"siren": (1, 1)}
    assert project.digests("data/quick/fits") == before


@pytest.mark.slow
def test_a_diverging_fit_says_so(project):
    project.set({"profiles.quick.train.learning_rate": 1e30, "network.mlp.activation": "relu"})
    output = project.fails("dvc", "repro", "fit@quick")
    assert "lower train.learning_rate" in output
    assert "quick/siren: 2 of 2 fits failed; astronaut:" in output


@pytest.mark.slow
def test_dvc_compares_experiments(project):
    project.dvc("exp", "run", "-n", "other", "-S", "methods.ftc.gates=[64,8,4,2]")
    assert "ftc" in project.dvc("metrics", "diff", "--all")
    assert "other" in project.dvc("exp", "show", "--csv")
    plots = project.sh(
        "dvc", "plots", "diff", "HEAD", "--targets", "reports/scores/quick/ftc.csv", "reports/curves/quick/ftc.csv"
    )
    assert "index.html" in plots.stdout
    assert "failed" not in project.dvc("plots", "show")


def test_a_study_fits_what_is_new_and_scores_all(project, tmp_path):
    (project.folder / "studies/tiny").mkdir()
    file = project.folder / "studies/tiny/params.yaml"
    file.write_text(STUDY)
    with project.inside():
        studies.main(Layout(), Path("studies/tiny"))
    scores = pd.read_csv(project.folder / "studies/tiny/scores.csv")
    columns = ["seed", "profile.train.iterations", "method", "image", "psnr_8bit", "psnr_raw", *COURSE, "unit"]
    assert list(scores.columns) == columns
    assert len(scores) == 4
    row = scores.iloc[-1]
    (file_of_curve,) = project.units.glob(f"*/{row['unit']}/curve.csv")
    curve = pd.read_csv(file_of_curve).set_index("iteration")["psnr"]
    for column, part in COURSE.items():  # the nearest iteration that was traced
        at = min(curve.index, key=lambda iteration: abs(iteration - part * row["profile.train.iterations"]))
        assert row[column] == pytest.approx(curve[at], abs=1e-5)
    profile = pd.read_csv(project.folder / "reports/scores/quick/ours.csv").set_index("image")["psnr_8bit"]
    zero = scores[scores["seed"] == 0].set_index("image")["psnr_8bit"]
    pd.testing.assert_series_equal(zero, profile)  # seed 0 is the profile's own
    assert (scores[scores["seed"] == 1].set_index("image")["psnr_8bit"] != profile).all()
    written = {name: (project.folder / "studies/tiny" / name).read_bytes() for name in ("scores.csv", "provenance.csv")}
    # What has a row is not fitted again, even where the store no longer holds it; what has lost its row is.
    project = Project(project.folder, tmp_path / "empty")
    with project.inside():
        studies.main(Layout(), Path("studies/tiny"))
    assert not list(project.units.glob("*/*/unit.json"))
    assert all((project.folder / "studies/tiny" / name).read_bytes() == data for name, data in written.items())
    lines = written["scores.csv"].splitlines(keepends=True)
    (project.folder / "studies/tiny/scores.csv").write_bytes(b"".join(lines[:2] + lines[3:]))
    with project.inside():
        studies.main(Layout(), Path("studies/tiny"))
    assert len(list(project.units.glob("*/*/unit.json"))) == 1
    assert (project.folder / "studies/tiny/scores.csv").read_bytes() == written["scores.csv"]
    file.write_text(STUDY.replace("ours", "none"))
    with project.inside(), pytest.raises(UserError, match="methods names 'none'"):
        studies.main(Layout(), Path("studies/tiny"))
    file.write_text(STUDY.replace("images: all", "images: [nobody]"))
    with project.inside(), pytest.raises(UserError, match="lacks images of the study tiny"):
        studies.main(Layout(), Path("studies/tiny"))
