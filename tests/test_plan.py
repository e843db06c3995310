"""What `refield plan` says is what dvc then does."""

from pipeline import ran


def planned(output: str) -> dict[str, str]:
    """The lines of `refield plan` by their first word."""
    return {line.split()[0]: line for line in output.splitlines()[1:] if line and line[0] != " "}


def refield(project, *arguments):
    return project.sh("python", "-m", "refield.cli", *arguments).stdout


def test_the_plan_is_what_dvc_then_does(project):
    assert "Nothing would run" in refield(project, "plan")
    shown = refield(project, "plan", "-S", "seg.method=equal_bin")
    lines = planned(shown)
    assert "multi_otsu → equal_bin" in lines["wanted@quick"]
    assert "2 reused" in lines["fit@quick"]  # the units of equal_bin, which the store has
    assert "ours" in lines["fit@quick"]
    output = project.dvc("exp", "run", "-S", "seg.method=equal_bin")
    # DVC runs no more than was planned.
    assert {stage.partition("-")[0] for stage in ran(output)} <= lines.keys()
    assert "Nothing would run" in refield(project, "plan")


def test_the_plan_counts_units_and_tells_old_from_new(project):
    shown = refield(project, "plan", "-S", "methods.ftc.gates=[48,8,4,2]", "-S", "seed=0")
    lines = planned(shown)
    assert "2 to fit" in lines["fit@quick"]
    assert "siren" not in lines["fit@quick"]
    assert "[128, 8, 4, 2] → [48, 8, 4, 2]" in lines["wanted@quick"]
    assert lines["evaluate@quick"].rstrip().endswith("follows fit@quick")
    assert "segment@quick" not in lines
    assert "known later" in planned(refield(project, "plan", "-S", "profiles.quick.images.long=32"))["fit@quick"]


def test_the_plan_sees_changed_code_but_no_comment(project):
    project.append("src/refield/fitting/mlp/engine.py", "\n# A comment.\n")
    lines = planned(refield(project, "plan"))
    assert "src/refield has changed" in lines["wanted@quick"]
    assert set(lines) == {"check", "wanted@quick", "2"}  # and the sum
    project.change("src/refield/fitting/mlp/engine.py", "SHARDS = 8", "SHARDS = 9")
    assert "2 to fit" in planned(refield(project, "plan"))["fit@quick"]


def test_the_plan_refuses_what_dvc_would_refuse(project):
    assert "has no key seg.metod" in project.fails("python", "-m", "refield.cli", "plan", "-S", "seg.metod=x")
    assert "must be KEY=VALUE" in project.fails("python", "-m", "refield.cli", "plan", "-S", "seg.method")
    before = project.digests("reports", "data")
    refield(project, "plan", "-S", "seed=5")
    assert project.digests("reports", "data") == before
