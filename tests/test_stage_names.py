"""A stage knows its names without its command: whatever params.yaml holds, none reaches a shell."""

import pytest
from pipeline import ROOT, Project

from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage, own_names, study_folder

TWO = ["profile", "method"]
# Each makes a file x if a shell reads it.
HOSTILE = [
    "quick; touch x",
    "quick$(touch x)",
    "quick\ntouch x",
    "quick' && touch x && echo '",
    "--paper=quick`touch x`",
]


@pytest.mark.parametrize(
    ("stage", "asked", "names"),
    [
        ("fit@quick-siren", TWO, ["quick", "siren"]),
        ("fit@kodak_crops-seg_first", TWO, ["kodak_crops", "seg_first"]),
        ("papers/toy/dvc.yaml:fit@quick-siren", TWO, ["quick", "siren"]),
        ("../a@b:c/dvc.yaml:download@quick", ["profile"], ["quick"]),
        ("studies/dvc.yaml:study@two-seeds", ["study"], ["two-seeds"]),
    ],
)
def test_a_stages_name_says_its_names(stage, asked, names):
    assert own_names(stage, asked) == names


@pytest.mark.parametrize(
    "stage", ["", "report", "fit", "fit@", "fit@quick", "fit@quick-", "fit@-siren", "fit@a-b-siren"]
)
def test_a_name_that_comes_apart_otherwise_is_refused(stage):
    with pytest.raises(UserError, match=r"does not say profile and method; it must be STAGE@PROFILE-METHOD"):
        own_names(stage, TWO)


def started(monkeypatch, *arguments, stage=None):
    """What a script's `main` gets, by hand or from DVC."""
    got = []

    def main(profile: FromStage, method: FromStage, paper: str | None = None) -> None:
        got.append((profile, method, paper))

    monkeypatch.setattr("sys.argv", ["fit.py", *arguments])
    if stage is None:
        monkeypatch.delenv("DVC_STAGE", raising=False)
    else:
        monkeypatch.setenv("DVC_STAGE", stage)
    with pytest.raises(SystemExit) as end:
        run(main)
    return got[0] if not end.value.code else None


def test_a_script_takes_its_names_from_dvc_or_from_the_command_line(monkeypatch, capsys):
    assert started(monkeypatch, stage="fit@quick-siren") == ("quick", "siren", None)
    assert started(monkeypatch, "--paper", "toy", stage="papers/toy/dvc.yaml:fit@quick-siren") == (
        "quick",
        "siren",
        "toy",
    )
    assert started(monkeypatch, "paper", "ours") == ("paper", "ours", None)
    assert started(monkeypatch, "paper", "ours", stage="fit@quick-siren") == ("paper", "ours", None)
    capsys.readouterr()
    assert started(monkeypatch) is None
    assert "error: profile is missing; run fit.py PROFILE METHOD" in capsys.readouterr().err
    assert started(monkeypatch, "paper") is None
    assert "error: method is missing" in capsys.readouterr().err
    assert started(monkeypatch, stage="fit@quick") is None
    assert "error: DVC_STAGE = 'fit@quick' does not say" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../seeds", "seeds/../seeds", "/tmp", ".", "none"])
def test_a_study_is_one_of_those_that_there_are(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert study_folder(Layout(), "seeds").is_dir()
    with pytest.raises(UserError, match=r"is no study; it must be one of calibration, .*seeds"):
        study_folder(Layout(), name)


def test_a_map_is_one_of_params_yaml(monkeypatch):
    from stages import segment

    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match=r"^'none' is no map of params\.yaml; it must be one of multi_otsu, "):
        segment.main("quick", "none")


def hostile(folder, table, names):
    """A small project whose params.yaml has the names; `check` has run, and what their stages need is there."""
    project = Project.create(folder / "refield", folder / "units")
    project.dvc("repro", "check")

    def change(params):
        valid = {"profiles": dict(params["profiles"]["quick"]), "maps": {"segmenter": "equal_bin"}}
        params[table].update({name: valid[table] for name in names})
        if table == "profiles":
            params["runs"] = ["quick", *names]

    project.edit(change)
    (project.folder / "data/quick/images").mkdir(parents=True)
    for name in names:
        (project.folder / "data/sources" / name).mkdir()
    return project


def refused(project, *command):
    """The sentences in which the stages that dvc runs end; nothing is done that stands in a name."""
    said = project.sh("dvc", *command, check=False).stdout
    assert "Traceback" not in said
    assert [*project.folder.parent.rglob("x")] == []
    return [line for line in said.splitlines() if line.startswith("error: ")]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "stage"), [("profiles", "download"), ("maps", "segment")])
def test_no_name_reaches_a_shell(table, stage, tmp_path):
    project = hostile(tmp_path, table, HOSTILE)
    said = refused(project, "repro", "--single-item", "--ignore-errors", stage)
    assert len(said) >= len(HOSTILE)
    assert all(line.startswith(("error: params.yaml: ", "error: DVC_STAGE = ")) for line in said)


@pytest.mark.slow
def test_no_name_reaches_a_shell_by_any_option(tmp_path):
    project = hostile(tmp_path, "profiles", HOSTILE[:1])
    project.commit("hostile")
    options = (["repro", "-s"], ["repro", "-k"], ["repro", "--downstream"], ["repro"], ["exp", "run", "-s"])
    for command in options:
        (said,) = refused(project, *command, f"download@{HOSTILE[0]}")
        assert said.startswith("error: params.yaml: ")
        project.sh("dvc", "checkout", "data/checked")


@pytest.mark.slow
def test_no_name_of_an_experiment_reaches_a_shell(tmp_path):
    project = Project.create(tmp_path / "refield", tmp_path / "units")
    for options in ([], ["-k"]):
        (said,) = refused(project, "exp", "run", *options, "-S", f'runs=["{HOSTILE[0]}"]')
        assert said.startswith("error: params.yaml: ")


@pytest.mark.slow
def test_dvc_tells_a_stage_its_name_wherever_it_is_started(tmp_path):
    """From another folder, and as an experiment in a folder of its own."""
    project = Project.create(tmp_path / "refield", tmp_path / "units")
    assert "quick: 2 originals" in project.dvc("--cd", "studies", "repro", "../dvc.yaml:download@quick")
    project.commit("download")
    assert "quick: 2 images" in project.dvc("exp", "run", "--temp", "prepare@quick")
