"""Of fits that are not here git keeps what it holds, and dvc.lock follows the code."""

import json
import shutil
from pathlib import Path

import pytest
from pipeline import ROOT
from ruamel.yaml import YAML

from refield import config
from refield.errors import UserError
from refield.pipeline import lock, relock
from refield.pipeline.layout import Layout

HERE, AWAY = "quick", "kodak_crops"
METHODS = ("siren", "ours")
KEYS = {"kodim01": "a" * 64, "kodim02": "b" * 64}
CODE, STAGE, SCORER = "src/refield/reports", "stages/page.py", "stages/evaluate.py"
WANTED = f"reports/wanted/{AWAY}"
OF_PROFILE = (f"reports/scoring/{AWAY}.json", f"reports/settings/{AWAY}.json")
UP_TO_DATE = "{}\n"


def test_a_hash_is_that_of_dvc_for_files_and_for_folders(monkeypatch):
    """Of all that stages of whole profiles have left in git."""
    monkeypatch.chdir(ROOT)
    kinds = ("figures", "page", "report", "index")
    stages = [entry for name, entry in lock.entries(Layout().lock).items() if name.partition("@")[0] in kinds]
    outs = [out for entry in stages for out in entry["outs"]]
    assert {"nfiles" in out for out in outs} == {True, False}
    for out in outs:
        assert relock.hash_of(ROOT / out["path"]) == {key: out[key] for key in out if key not in ("path", "hash")}


def entry(*paths, outs=()):
    """A stage's entry in dvc.lock, with the hashes of an earlier day."""
    deps = [{"path": path, "hash": "md5", "md5": "0" * 32, "size": 1} for path in paths]
    return {"cmd": "python", "deps": deps, "outs": [{"path": path, "md5": "1" * 32} for path in outs]}


def stages(profile):
    scoring, settings = f"reports/scoring/{profile}.json", f"reports/settings/{profile}.json"
    fits = {f"fit@{profile}": entry(f"reports/wanted/{profile}", outs=[f"data/{profile}/fits"])}
    readers = {
        f"{kind}@{profile}": entry(
            settings, f"reports/wanted/{profile}", f"data/{profile}/fits", CODE, STAGE, outs=[kind]
        )
        for kind in relock.READERS
    }
    readers[f"evaluate@{profile}"] = entry(f"data/{profile}/fits", scoring, SCORER, outs=[f"reports/scores/{profile}"])
    wanted = {f"wanted@{profile}": entry(settings, "src/refield", outs=[f"reports/wanted/{profile}", scoring])}
    return wanted | fits | readers


def write_lock(entries):
    with Layout().lock.open("w") as stream:
        YAML().dump({"schema": "2.0", "stages": entries}, stream)


@pytest.fixture
def update(tmp_path, monkeypatch):
    """A clone with the fits of one profile, and of another's their keys and origins. DVC and git say nothing new."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    layout, entries = Layout(), stages(HERE) | stages(AWAY)
    for method in METHODS:
        layout.fits(HERE, method).mkdir(parents=True)
        for file in (layout.wanted(AWAY, method), layout.provenance(AWAY, method)):
            file.parent.mkdir(parents=True, exist_ok=True)
        layout.wanted(AWAY, method).write_text(json.dumps({"code": "c" * 64, "units": KEYS}))
        rows = "".join(f"{name},{key},{'d' * 16}\n" for name, key in KEYS.items())
        layout.provenance(AWAY, method).write_text(f"image,unit,digest\n{rows}")
    layout.scoring(AWAY).parent.mkdir(parents=True)
    write_lock(entries)
    committed = layout.lock.read_bytes()
    for name in [f"wanted@{HERE}", *relock.readers(HERE)]:  # which `dvc repro` has run with the code of today
        for dep in entries[name]["deps"]:
            if dep["path"] in (CODE, STAGE, SCORER):
                dep["md5"] = "2" * 32
    write_lock(entries)
    monkeypatch.setattr(relock, "dvc", lambda *_: UP_TO_DATE)
    monkeypatch.setattr(relock, "git", lambda *_: committed)
    return lambda profile=AWAY: relock.update(layout, config.read(profile), profile)


def test_the_lock_follows_the_code_and_nothing_else(update):
    before = lock.entries(Layout().lock)
    told = update()
    for name in stages(AWAY):
        for each in before[name]["deps"] + before[name]["outs"]:
            if each["path"].startswith((WANTED, *OF_PROFILE)):
                each |= relock.hash_of(Path(each["path"]))
            elif each["path"] in (CODE, STAGE, SCORER):
                each["md5"] = "2" * 32
    assert lock.entries(Layout().lock) == before
    # What `wanted` writes and reads, the keys as fits see them; code, keys and settings; script and scoring.
    count = 3 + 1 + 4 * (len(relock.READERS) - 1) + 2
    assert told == f"{AWAY}: {count} hashes of dvc.lock follow the code; its fits are not here, and stay as they are"
    text = Layout().lock.read_bytes()
    assert update() == ""
    assert Layout().lock.read_bytes() == text


def test_there_is_nothing_to_do_where_fits_are_here_or_never_were(update):
    text = Layout().lock.read_bytes()
    assert update(HERE) == ""
    assert update("paper") == ""
    Layout().fits(AWAY, METHODS[0]).mkdir(parents=True)
    assert update() == ""
    assert Layout().lock.read_bytes() == text


@pytest.mark.parametrize("lost", ["all", "a row", "a key"])
def test_fits_of_which_nothing_is_known_are_named(update, lost):
    file = Layout().provenance(AWAY, "ours")
    text = {
        "all": "",
        "a row": "\n".join(file.read_text().splitlines()[:-1]),
        "a key": file.read_text().replace("b" * 64, "e" * 64),
    }
    file.write_text(text[lost])
    before = Layout().lock.read_bytes()
    assert update() == f"{AWAY}: fits of ours are neither here nor known under their keys"
    assert Layout().lock.read_bytes() == before


def test_the_lock_waits_for_a_profile_whose_fits_are_here(update, monkeypatch):
    before = Layout().lock.read_bytes()
    said = f"{AWAY}: dvc.lock follows once another profile is up to date: `dvc repro`, and this again"
    monkeypatch.setattr(relock, "dvc", lambda *_: json.dumps({f"page@{HERE}": [{"changed deps": {CODE: "modified"}}]}))
    assert update() == said
    shutil.rmtree(Layout().data)
    monkeypatch.setattr(relock, "dvc", lambda *_: UP_TO_DATE)
    assert update() == said
    assert Layout().lock.read_bytes() == before


def test_code_that_has_come_to_another_result_needs_the_fits(update):
    entries = lock.entries(Layout().lock)
    entries[f"page@{HERE}"]["outs"][0]["md5"] = "3" * 32
    write_lock(entries)
    before = Layout().lock.read_bytes()
    with pytest.raises(UserError, match=f"page@{HERE} has come to another result; so may other profiles"):
        update()
    assert Layout().lock.read_bytes() == before


@pytest.mark.slow
def test_fits_that_are_not_here_are_kept_and_the_lock_follows(project):
    """Code that computes the same, of fits and of what reads them."""
    sources = project.folder / "data/sources"
    shutil.copytree(sources / "quick", sources / "away")

    def add(params):
        params["profiles"]["away"] = {**params["profiles"]["quick"]}
        params["profiles"]["away"]["images"] = {**params["profiles"]["quick"]["images"], "names": ["chelsea"]}
        params["runs"] = ["quick", "away"]

    project.edit(add)
    project.dvc("repro")
    project.sh("refield", "readme")
    project.set({"runs": ["quick"]})
    project.dvc("repro")
    project.commit("two profiles")
    for wanted in (project.folder / "reports/wanted/away").glob("*.json"):
        for key in json.loads(wanted.read_text())["units"].values():
            shutil.rmtree(project.units / key[:2] / key)
    shutil.rmtree(project.folder / "data/away/fits")

    project.change("src/refield/fitting/mlp/engine.py", "SHARDS = 8", "SHARDS = 4 + 4")
    project.append("src/refield/reports/page.py", "# said otherwise\n")
    said = project.sh("refield", "adopt").stdout
    assert "quick/siren: 2 of 2 fits taken over\n" in said
    assert "away/siren: 1 of 1 fits taken over, 1 of which are not here\n" in said
    assert "away: dvc.lock follows once another profile is up to date" in said
    assert "quick: 8 fits, none of which were made now" in project.dvc("repro")
    assert "hashes of dvc.lock follow the code; its fits are not here" in project.sh("refield", "adopt").stdout
    assert "up to date for away, quick" in project.sh("refield", "verify").stdout
