import pytest
from pipeline import ROOT

from refield.errors import UserError
from refield.executors import settings
from refield.executors.settings import Inline, Local, Slurm


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(settings.VARIABLE, raising=False)
    return tmp_path


def test_without_a_file_this_process_fits():
    assert settings.read() == Inline()


def test_a_file_or_the_variable_chooses(folder, monkeypatch):
    (folder / "executor.yaml").write_text("kind: local\nworkers: 3\n")
    assert settings.read() == Local(kind="local", workers=3)
    monkeypatch.setenv(settings.VARIABLE, "inline")
    assert settings.read() == Inline()
    monkeypatch.setenv(settings.VARIABLE, "local")
    assert settings.read() == Local(kind="local")
    (folder / "other.yaml").write_text("kind: slurm\npartition: night\noptions: {nice: 10}\n")
    monkeypatch.setenv(settings.VARIABLE, "other.yaml")
    assert settings.read() == Slurm(kind="slurm", partition="night", options={"nice": 10})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: cluster", "executor.yaml: kind = 'cluster' is not allowed; it must be one of inline, local, slurm"),
        ("workers: 3", "kind = None is not allowed; it must be one of inline, local, slurm"),
        ("kind: local\nworker: 3", "worker is not a known key"),
        ("kind: slurm\nminutes: 1", "minutes (1) leave a job no time to work before it is warned"),
        ("kind: slurm\nminutes: '60'", "minutes = '60' is not allowed; it must be a valid integer"),
        ("kind: slurm\nretries: -1", "retries = -1 is not allowed; it must be greater than or equal to 0"),
        ("kind: local\nworkers: 9000000000000000000", "it must be less than or equal to 4096"),
        (
            "kind: local\nminutes_per_job: .inf",
            "minutes_per_job = inf is not allowed; it must be less than or equal to",
        ),
        ("kind: local\nteraflops: 1.0e-300", "teraflops = 1e-300 is not allowed; it must be greater than or equal to"),
        ("kind: slurm\nmemory_gb: .inf", "memory_gb = inf is not allowed; it must be less than or equal to"),
        ("kind: slurm\npoll_seconds: .inf", "poll_seconds = inf is not allowed; it must be less than or equal to"),
        ("kind: [", "not valid YAML"),
        ("", "executor.yaml"),
        (f"kind: local\nworkers: {'9' * 5000}", "executor.yaml has a whole number of 5,000 digits"),
        ("kind: &a [*a]", "executor.yaml has an alias, *a, of what it stands in itself"),
        (
            "kind: slurm\noptions: {nice: [1]}",
            "options.nice = [1] is not allowed; it must be a valid string, or",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(text, said, folder):
    (folder / "executor.yaml").write_text(text)
    with pytest.raises(UserError) as error:
        settings.read()
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("chosen", ["nowhere.yaml", "slurm"])
def test_a_variable_that_names_no_file_is_no_executor(chosen, monkeypatch):
    monkeypatch.setenv(settings.VARIABLE, chosen)
    said = f"REFIELD_EXECUTOR = '{chosen}' is not allowed; it must be inline, local, or the name of a file like"
    with pytest.raises(UserError, match=said):
        settings.read()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda file: file.mkdir(), "executor.yaml is no file"),
        (lambda file: file.symlink_to(file), "executor.yaml cannot be read: Too many levels of symbolic links"),
        (lambda file: file.symlink_to("gone"), "executor.yaml is missing"),
    ],
    ids=["folder", "link to itself", "link to nothing"],
)
def test_what_is_no_file_is_never_passed_over(make, said, folder):
    make(folder / "executor.yaml")
    with pytest.raises(UserError, match=said):
        settings.read()


def test_the_documented_examples_are_valid(folder):
    text = (ROOT / "docs/executors.md").read_text()
    examples = [part.split("```")[0] for part in text.split("```yaml\n")[1:]]
    assert len(examples) >= 2
    for example in examples:
        (folder / "executor.yaml").write_text(example)
        assert settings.read().kind in ("local", "slurm")
