"""A U-Net and true masks by the real stages, of drawn slices; and which fits follow when they change."""

import json
import shutil

import numpy as np
import pytest
from pipeline import ROOT
from ruamel.yaml import YAML
from stages import check, coded, download, examples, masks, prepare, seen, unet, unet_report

from refield import config
from refield.errors import UserError
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.pipeline import fits, units
from refield.pipeline.coding_layout import CodingLayout
from refield.scores.rates import read_rates
from refield.scores.seen import WORDS, read_looks
from refield.signals import Image, png
from refield.signals.phantom import phantom
from refield.units.scoring import score
from refield.units.store import Store

SINCO = CodingLayout("sinco")
METHODS = ("sinco_siren", "sinco_inr", "coin", "inr")
COIN_FILES = (("half", "16 bit"), ("steps", "8 bit/weight"))


def change(**keys) -> None:
    """Other values for keys of the quick profile."""
    yaml = YAML()
    params = yaml.load(SINCO.params)
    for key, value in keys.items():
        block, _, name = key.partition("__")
        params["profiles"]["quick"][block][name] = value
    yaml.dump(params, SINCO.params)


def keys() -> dict[str, str]:
    """What reports/wanted says of each method."""
    params = config.read("quick", path=SINCO.params)
    return {method: units.wanted(SINCO, params, "quick", method) for method in METHODS}


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """The paper's folder alone, with a U-Net of a moment."""
    shutil.copytree(ROOT / "papers/sinco", tmp_path / "papers/sinco", ignore=shutil.ignore_patterns("dvc.lock"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REFIELD_DEVICE", "cpu")
    change(unet__width=2, unet__epochs=1, unet__batch=8)
    check.main("sinco")
    for stage in (download, prepare, examples, masks):
        stage.main("quick", "sinco")


def test_stages_make_what_the_task_looks_with(clone):
    def make() -> tuple[bytes, bytes]:
        for stage in (unet, unet_report):
            stage.main("quick", "sinco")
        return SINCO.unet("quick").read_bytes(), SINCO.unet_report("quick").read_bytes()

    before = make()
    params = config.read("quick", path=SINCO.params)
    image = Image(png.read(SINCO.signals("quick") / "phantom_01.png"))
    pixels, tumour = phantom(1)
    np.testing.assert_array_equal(image.pixels[..., 0], pixels)
    task = params.task("quick")
    np.testing.assert_array_equal(task.mask(image), tumour)
    report = json.loads(SINCO.unet_report("quick").read_text())
    assert (report["sha256"], report["examples"], len(report["curve"])) == (task.network_sha256, 24, 1)
    assert report["dice"].keys() == {"phantom_00", "phantom_01", "phantom_02"}
    assert task.score(image, image)["dice_original"] == pytest.approx(report["dice"]["phantom_01"], abs=1e-6)
    assert make() == before


def test_a_report_that_is_missed_is_made_from_what_was_trained(clone):
    """Training takes long; a report is what DVC does not keep."""
    for stage in (unet, unet_report):
        stage.main("quick", "sinco")
    report, trained = SINCO.unet_report("quick").read_bytes(), SINCO.unet("quick").stat().st_mtime_ns
    SINCO.unet_report("quick").unlink()
    unet_report.main("quick", "sinco")
    assert SINCO.unet_report("quick").read_bytes() == report
    assert SINCO.unet("quick").stat().st_mtime_ns == trained
    stages = YAML(typ="safe").load(ROOT / "papers/sinco/dvc.yaml")["stages"]
    assert all(isinstance(out, str) for out in stages["unet"]["outs"])  # which are cached, all of them


def test_what_sees_a_unet_follows_it_and_lambda_and_the_others_do_not(clone):
    unet.main("quick", "sinco")
    before = keys()
    change(task__regularisation=0.5)
    assert {method for method, key in keys().items() if key != before[method]} == {"sinco_siren", "sinco_inr"}
    change(task__regularisation=0.01)
    assert keys() == before
    change(unet__seed=1)
    assert keys() == before  # not yet
    scored = units.scoring(config.read("quick", path=SINCO.params), "quick")
    unet.main("quick", "sinco")
    assert {method for method, key in keys().items() if key != before[method]} == {"sinco_siren", "sinco_inr"}
    assert units.scoring(config.read("quick", path=SINCO.params), "quick") != scored


def test_what_is_not_there_is_missed_before_any_work(clone):
    place = SINCO.sources("quick_training") / "addresses.txt"
    place.unlink()
    with pytest.raises(UserError, match=r"quick_training/addresses\.txt is missing"):
        check.main("sinco")
    (SINCO.originals("quick") / "phantom_02_mask.pgm").unlink()
    with pytest.raises(UserError, match=r"phantom_02\.pgm has no mask beside it, phantom_02_mask"):
        masks.main("quick", "sinco")
    yaml = YAML()
    params = yaml.load(SINCO.params)
    del params["profiles"]["quick"]["unet"]
    yaml.dump(params, SINCO.params)
    for stage in (examples, unet):
        with pytest.raises(UserError, match=r"profile quick has no U-Net to train; profiles\.quick\.unet says how"):
            stage.main("quick", "sinco")


def test_what_coded_files_show_is_seen_as_fits_are(clone, capsys):
    unet.main("quick", "sinco")
    change(train__iterations=3)
    yaml = YAML()
    content = yaml.load(SINCO.params)
    content["coding"] |= {"variants": ["half", "steps"], "bits_per_weight": [8.0]}
    yaml.dump(content, SINCO.params)
    params = config.read("quick", path=SINCO.params)
    wanted = units.read_units(SINCO, params, "quick", "coin")
    made = make_units(wanted, Store(), "cpu", "title", Inline())
    fits.write({unit.name: made[unit.key()] for unit in wanted}, SINCO.fits("quick", "coin"))
    coded.main("quick", "coin", "sinco")
    seen.main("quick", "sinco")
    said = capsys.readouterr().out
    assert "quick: no files of inr in data/sinco/quick/coded/inr, which `dvc repro papers/sinco/dvc.yaml` makes" in said
    assert "no files of coin " not in said

    looks, rates = read_looks(SINCO.seen("quick")), read_rates(SINCO.rates("quick", "coin"))
    rows = looks.set_index([*WORDS]).loc["coin"]
    assert set(rows.index) == {(unit.name, *file) for unit in wanted for file in COIN_FILES}
    for rate in rates.to_dict("records"):
        row = rows.loc[(rate["image"], rate["codec"], rate["setting"])]
        assert row[["psnr_8bit", "bpp"]].tolist() == pytest.approx([rate["psnr"], rate["bpp"]], abs=1e-6)
    for unit in wanted:  # what is scored of a fit is what half precision shows
        scored = score(unit.name, unit.signal, SINCO.fits("quick", "coin") / unit.name, params.task("quick"))
        row = rows.loc[(unit.name, "half", "16 bit")]
        assert {name: row[name] for name in ("psnr_8bit", "ssim", "dice")} == pytest.approx(
            {name: scored[name] for name in ("psnr_8bit", "ssim", "dice")}, abs=1e-6
        )

    damaged = SINCO.coded("quick", "coin") / "half/16 bit/phantom_01.rfd"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"coin/half/16 bit/phantom_01\.rfd "):
        seen.main("quick", "sinco")
    shutil.rmtree(SINCO.coded("quick", "coin"))
    seen.main("quick", "sinco")
    assert "no files of coin " in capsys.readouterr().out
    assert read_looks(SINCO.seen("quick")).empty
