"""The page works in a real browser, from disk: it loads without errors, sorts, slides, and shows the CSVs' numbers."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.reports.figures import Window
from refield.reports.page import choose_images, number, page
from refield.reports.pictures import Picture
from refield.reports.results import Scores
from refield.tasks.represent import Represent

PARAMS = config.read(path=ROOT / "params.yaml")
PAPER = papers.read("oh_bae_2024", ROOT / "papers").model_copy(update={"citation": "A paper </script><b>"})
RNG = np.random.default_rng(0)
IMAGES, METHODS = ["hard", "middle", "easy"], ["siren", "ftc", "ours"]
ORIGINAL = RNG.integers(0, 256, (16, 24, 3), dtype=np.uint8)
OFF = {"siren": 8, "ftc": 4, "ours": 2}
LABELS = np.arange(16 * 24).reshape(16, 24) % 4


def scores() -> pd.DataFrame:
    rows = []
    for method, offset in OFF.items():
        for i, image in enumerate(IMAGES):
            row = {"method": method, "image": image, "height": 16, "width": 24, "psnr_8bit": 30.0 + 4 * i - offset / 3}
            rows.append(row | {"ssim": 0.9, "iou": 0.8, "parameters": 195, "bpp_weights": 1, "bpp_map": 0, "bpp": 1})
    return pd.DataFrame(rows)


def text(pictures: list[Picture] | None = None, images: list[str] = IMAGES, psnr: float = 10.0) -> str:
    near = np.clip(ORIGINAL, 10, 245)
    estimates = {method: (near + offset).astype(np.uint8) for method, offset in OFF.items()}
    words = [f"region {i}" for i in range(4)]
    if pictures is None:
        pictures = [Picture(name, near, estimates, {"otsu": (LABELS, words)}, None) for name in IMAGES]
    curves = pd.DataFrame(
        [{"method": m, "iteration": i, "psnr": psnr + i / 10 - OFF[m]} for m in METHODS for i in (0, 50, 100)]
    )
    rows = scores()[lambda found: found["image"].isin(images)]
    return page("tiny", Scores(rows, Represent.measures), curves, pictures, PARAMS, PAPER)


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S).group(1))


def test_the_page_stands_alone():
    html = text()
    assert not re.findall(r'(?:src|href)\s*=\s*["\']?(?!data:)[a-z]+:', html)
    assert "@import" not in html
    assert data_of(html)["lead"] == "3 images, 24 x 16 pixels. Beside A paper </script><b>."  # which ends no script
    assert html == text()


@pytest.mark.parametrize(
    ("methods", "why"), [(["ours", "ftc"], "the methods differ most"), (["ours"], "it is most wrong")]
)
def test_a_window_says_where_it_lies(methods, why):
    picture = Picture("easy", ORIGINAL, dict.fromkeys(methods, ORIGINAL), {}, Window(100, 200, 16, 24))
    (shown,) = data_of(text([picture]))["pictures"]
    assert shown["note"] == f"easy, 24 x 16 pixels. Rows 100 to 115, columns 200 to 223: where {why}."


def test_a_mean_is_rounded_once():
    """44.07497 is 44.07; by way of 44.0750 it would be shown as 44.08."""
    assert f"{number(44.074972):.2f}" == "44.07"
    assert [number(float("inf")), number(float("nan"))] == ["∞", None]


def test_a_page_shows_as_many_pictures_as_its_budget_allows(monkeypatch):
    monkeypatch.setattr("refield.reports.page.BUDGET", 1)
    data = data_of(text())
    assert [picture["name"] for picture in data["pictures"]] == ["hard"]
    assert data["statement"][-1] == "Pictures: 1 of the 3 images, from the hardest to the easiest."


def test_images_span_hard_to_easy():
    psnr = pd.DataFrame({"ours": [5.0, 1.0, 4.0, 2.0, 3.0]}, index=list("ebdac"))
    assert choose_images(psnr, 3) == ["b", "c", "e"]
    assert choose_images(psnr, 9) == ["b", "a", "c", "d", "e"]
    assert choose_images(psnr, 1) == ["b"]


@pytest.fixture
def opened(browser, tmp_path: Path):
    (tmp_path / "page.html").write_text(text())
    browser.get((tmp_path / "page.html").as_uri())
    assert browser.execute_script("return document.body.dataset.ready") == "yes"
    yield browser
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def column(browser, table: str, number: int) -> list[str]:
    cells = browser.find_elements("css selector", f"#{table} tbody td:nth-child({number})")
    return [cell.text for cell in cells]


def test_the_numbers_are_those_of_the_csvs(opened):
    averages = scores().groupby("method", sort=False)["psnr_8bit"].mean()
    assert column(opened, "results", 1) == [PAPER.label(method) for method in METHODS]
    assert column(opened, "results", 2) == [f"{value:.2f}" for value in averages]
    assert column(opened, "results", 3) == ["30.28", "38.41", "39.25"]
    psnr = scores().pivot(index="image", columns="method", values="psnr_8bit")
    for i, image in enumerate(column(opened, "images", 1), start=1):
        row = opened.find_elements("css selector", f"#images tbody tr:nth-child({i}) td")
        assert [cell.text for cell in row[1:]] == [f"{psnr[method][image]:.2f}" for method in METHODS]
        assert [cell.get_attribute("class") for cell in row[1:]] == ["", "", "best"]
    assert opened.find_element("id", "provenance").get_attribute("href").endswith("/provenance/tiny.md")


def test_one_image_has_no_extremes_and_a_loss_of_derivatives_no_course(browser, tmp_path):
    (tmp_path / "page.html").write_text(text([], ["easy"], psnr=float("nan")))
    browser.get((tmp_path / "page.html").as_uri())
    shown = browser.find_element("css selector", "body").text
    assert "1 image, 24 x 16 pixels" in shown
    assert "Average" in shown
    assert not any(words in shown for words in ("Highest", "Lowest", "over iterations", "NaN", "Infinity"))


def test_a_click_sorts_and_another_turns_the_order(opened):
    heading = opened.find_element("css selector", "#images thead th:nth-child(4) button")
    heading.click()
    assert column(opened, "images", 1) == ["easy", "middle", "hard"]
    heading.click()
    assert column(opened, "images", 1) == ["hard", "middle", "easy"]
    opened.find_element("css selector", "#images thead th:nth-child(1) button").click()
    assert column(opened, "images", 1) == ["easy", "hard", "middle"]


def painted(browser) -> np.ndarray:
    """The pixels of the lower canvas, once it is drawn."""
    browser.set_script_timeout(10)
    return np.array(
        browser.execute_async_script(
            "const done = arguments[0], c = document.getElementById('under');"
            "const look = () => document.getElementById('frame').ariaBusy !== 'false' ? setTimeout(look, 10) :"
            "done([c.height, c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]); look()"
        )
    )


def test_errors_are_exact_and_grow_with_the_factor(opened):
    opened.find_element("css selector", "[data-mode=error]").click()
    height, width, *pixels = painted(opened)
    assert (height, width) == (16, 24)
    assert np.unique(np.reshape(pixels, (-1, 4))[:, :3]).tolist() == [20]  # ours is off by 2, shown times 10
    opened.execute_script("const s = document.getElementById('right'); s.value = 'siren'; s.onchange()")
    assert np.unique(np.reshape(painted(opened)[2:], (-1, 4))[:, :3]).tolist() == [80]


def test_the_slider_uncovers_the_left_picture(opened):
    painted(opened)
    slide = opened.find_element("css selector", "#slide")
    opened.execute_script("arguments[0].value = 25; arguments[0].oninput()", slide)
    assert opened.find_element("css selector", "#over").value_of_css_property("clip-path") == "inset(0px 75% 0px 0px)"
    from selenium.webdriver.common.action_chains import ActionChains

    width = slide.size["width"]
    ActionChains(opened).drag_and_drop_by_offset(slide, round(0.3 * width), 0).perform()
    assert float(slide.get_attribute("value")) == pytest.approx(80, abs=1)  # the seam comes to the pointer


def test_a_map_has_its_legend_and_a_phone_no_sideways_scroll(opened):
    opened.find_element("css selector", "[data-mode=map]").click()
    painted(opened)
    regions = opened.find_elements("css selector", "#regions > span")
    assert [item.text for item in regions] == ["region 0", "region 1", "region 2", "region 3"]
    opened.set_window_size(500, 900)
    inner, outer = opened.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    opened.set_window_size(1200, 1000)
    assert inner <= outer
