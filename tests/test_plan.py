"""What `refield plan` says; that dvc then does it, test_pipeline says."""

from pathlib import Path

import pytest
from pipeline import ROOT, planned

from refield.errors import UserError
from refield.pipeline.clone import dvc
from refield.pipeline.lock import entries
from refield.pipeline.pending import read_stages


def test_the_plan_counts_units_tells_old_from_new_and_touches_nothing(project):
    before = project.digests("reports", "data")
    lines = planned(project.refield("plan", "-S", "methods.ftc.gates=[48,8,4,2]", "-S", "seed=0"))
    assert "2 to fit" in lines["fit@quick"]
    assert "6 reused" in lines["fit@quick"]
    assert "[128, 8, 4, 2] → [48, 8, 4, 2]" in lines["check"]
    assert lines["evaluate@quick"].rstrip().endswith("follows fit@quick")
    assert "segment@quick" not in lines
    lines = planned(project.refield("plan", "-S", "profiles.quick.images.long=32"))
    assert "known later" in lines["fit@quick"]
    assert project.digests("reports", "data") == before


@pytest.mark.slow
def test_the_plan_sees_changed_code_but_no_comment(project):
    project.append("src/refield/fitting/mlp/engine.py", "\n# A comment.\n")
    lines = planned(project.refield("plan"))
    assert "src/refield has changed" in lines["wanted@quick"]
    assert set(lines) == {"check", "wanted@quick"}
    project.change("src/refield/fitting/mlp/engine.py", "SHARDS = 8", "SHARDS = 9")
    assert "8 to fit" in planned(project.refield("plan"))["fit@quick"]


def test_what_dvc_cannot_read_is_said_in_its_words(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    (tmp_path / "dvc.yaml").write_text("stages:\n  check:\n    command: python -m stages.check\n")
    with pytest.raises(UserError, match=r"^DVC cannot read dvc\.yaml, `dvc status` says why: .*validation failed"):
        read_stages(tmp_path, Path("dvc.yaml"))
    with pytest.raises(UserError, match=r"^`dvc status --json` fails: .*validation failed") as error:
        dvc("status", "--json", folder=tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "schema: '2.0'\n", "stages:\n  check:\n    cm", "stages: [", "stages: {check: 1}\n"]
)
def test_a_lock_file_of_a_dvc_that_was_killed_is_named(text, tmp_path):
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(UserError, match=r"dvc\.lock was left half-written .*; remove it, or `git checkout"):
        entries(tmp_path / "dvc.lock")


def test_a_lock_file_is_read_if_it_is_there(tmp_path):
    assert entries(tmp_path / "dvc.lock") == {}
    (tmp_path / "dvc.lock").write_text("stages: {check: {cmd: x}}\n")
    assert entries(tmp_path / "dvc.lock") == {"check": {"cmd": "x"}}
    assert len(entries(ROOT / "dvc.lock")) > 10
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(UserError, match=r"link cannot be read: Too many levels of symbolic links"):
        entries(tmp_path / "link")
