"""The front page: from scores, the profiles' pages and a document; what it shows is looked at in a real browser."""

import itertools
import json
import re
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT

from refield import config, papers
from refield.config import Params
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.papers import Paper
from refield.reports.gain import gain_of
from refield.reports.glance import Axis
from refield.reports.index import index
from refield.reports.page import page
from refield.reports.pictures import Picture
from refield.reports.results import Results, scores_of
from refield.reports.showcase import compared, drawing, exhibits
from refield.reports.waiting import Waiting, waiting
from refield.segmentation.labels import palette
from refield.tasks.represent import Represent
from refield.units.scoring import COSTS

PARAMS = config.read(path=ROOT / "params.yaml")
PAPER = papers.read("oh_bae_2024", ROOT / "papers").model_copy(update={"citation": "A paper </script><b>"})
LEVELS = {"siren": 32.0, "ftc": 40.0, "ours": 41.0, "ours_8": 43.0}
IMAGES = ["easy", "middle", "hard"]
RNG = np.random.default_rng(0)
ORIGINAL = RNG.integers(10, 240, (16, 24, 3), dtype=np.uint8)
LABELS = np.arange(16 * 24).reshape(16, 24) % 4
MEASURES = [measure.name for measure in (*Represent.measures, *COSTS)]
DOCUMENT = """\
# What waits

Nothing has been *measured*.

| waiting | command | writes |
|---|---|---|
| the <b>path</b> | `pytest -m gpu`, first | |
| tables | `dvc repro` | `reports/` |

More about it.

| another | table |
|---|---|
| not | shown |
"""


def scores(profile: str = "quick", levels: dict[str, float] = LEVELS, measures: list[str] = MEASURES) -> pd.DataFrame:
    rows = []
    for place, (method, level) in enumerate(levels.items()):
        for i, image in enumerate(IMAGES):
            values = {name: level - 4 * i + place * i / 10 for name in measures}
            row = {"profile": profile, "method": method, "image": image, "height": 16, "width": 24}
            rows.append(row | dict.fromkeys(MEASURES, np.nan) | values)
    return pd.DataFrame(rows)


def page_of(profile: str, found: Results, shape: tuple[int, int] = (16, 24)) -> str:
    """The page of a profile whose reconstructions are brighter by 2, 4, 6, 8."""
    original = ORIGINAL[: shape[0], : shape[1]]
    estimates = {method: (original + 2 * i).astype(np.uint8) for i, method in enumerate(LEVELS, 1)}
    maps = {"multi_otsu": (LABELS[: shape[0], : shape[1]], [f"region {i}" for i in range(4)])}
    pictures = [Picture(image, original, estimates, maps, None) for image in IMAGES]
    curves = pd.DataFrame(columns=["method", "iteration", "psnr"])
    return page(profile, scores_of(found, profile, PARAMS), curves, pictures, PARAMS, PAPER)


FOUND = Results(pd.concat([scores(), scores("kodak_crops")]), [])
PAGES = {"quick": page_of("quick", FOUND), "kodak_crops": page_of("kodak_crops", FOUND, (16, 8))}
WAITS = Waiting([], [])


def front(
    found: Results = FOUND, pages: dict[str, str] = PAGES, params: Params = PARAMS, paper: Paper = PAPER
) -> tuple[str, dict | None]:
    """The page without its pictures, and what they are of."""
    html = index(params, paper, found, pages, WAITS)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<script.*", "", html, flags=re.DOTALL)), (
        json.loads(data.group(1)) if data else None
    )


def card(html: str, profile: str) -> str:
    return next(
        each for each in re.findall("<article.*?</article>", html) if re.search(f"<h3>(<a[^>]*>)?{profile}<", each)
    )


def row(html: str, head: str) -> list[str]:
    """What stands in a table's row."""
    cells = re.search(rf'<th scope="row">{re.escape(escape(head))}</th>(.*?)</tr>', html).group(1)
    cells = re.sub(r'<td class="line".*?</td>', "", cells)
    return [re.sub("<.*?>", "", cell) for cell in re.findall("<td.*?>(.*?)</td>", cells)]


def answers(html: str, claim: str) -> list[str]:
    """Where a claim holds, and where not."""
    items = re.search(rf'<th scope="row">{re.escape(escape(claim))}</th><td><ul>(.*?)</ul>', html).group(1)
    return [re.sub("<.*?>", "", item).strip() for item in re.findall("<li>(.*?)</li>", items)]


def test_the_page_stands_alone_and_is_the_same_again():
    html = index(PARAMS, PAPER, FOUND, PAGES, WAITS)
    assert not re.findall(r'(?:src|href)\s*=\s*["\']?(?!data:|https://ksbe)[a-z]+:', html)
    assert "@import" not in html
    assert "<b>" not in html.partition("A paper ")[2][:20]  # a citation is no markup
    assert html == index(PARAMS, PAPER, FOUND, PAGES, WAITS)


def test_published_stands_beside_reproduced_and_what_was_not_run_is_a_dash():
    html, _ = front()
    assert row(html, "SIREN") == ["30.28", "28.00", "28.00", "—"]
    assert row(html, "LoE Quad-Tree") == ["36.35", "—", "—", "—"]
    assert row(html, "Ours, eight regions") == ["—", "39.30", "39.30", "—"]
    assert "<b>quick</b>: 3 images, 24 x 16 pixels; width 32; 300 iterations." in html
    assert "network width 64 instead of 256, iterations: 500 instead of 5000" in html
    assert "comparable with the published numbers." in html


def test_what_is_measured_apart_is_said_of_a_profile_at_the_papers_scale():
    html, _ = front(paper=PAPER.model_copy(update={"measured_apart": "the last weights are scored"}))
    assert html.count("comparable with the published numbers, but the last weights are scored.") == 1
    assert "<b>paper</b>: not run here, —. The paper's own scale" in html


def test_of_profiles_that_were_not_run_one_stands_beside_and_the_others_have_cards():
    again = PARAMS.profiles | {"paper_again": PARAMS.profiles["paper"]}
    html, _ = front(params=PARAMS.model_copy(update={"profiles": again}))
    assert row(html, "SIREN") == ["30.28", "28.00", "28.00", "—"]
    assert "<b>paper_again</b>" not in html
    assert ">not run here<" in card(html, "paper_again")


def test_every_profile_has_a_card_with_its_state_and_leads_to_its_page():
    part = FOUND.rows[
        (FOUND.rows["profile"] == "quick") | (FOUND.rows["image"] != "hard") | (FOUND.rows["method"] != "ours")
    ]
    methods = {name: PARAMS.methods[name] for name in LEVELS}
    html, _ = front(Results(part, []), {"quick": PAGES["quick"]}, PARAMS.model_copy(update={"methods": methods}))
    done, partly, waits = (card(html, profile) for profile in ("quick", "kodak_crops", "paper"))
    assert '<a href="pages/quick.html">quick</a>' in done
    assert ">done<" in done
    assert "<dd>12 of 12</dd>" in done
    assert "<dd>Ours, eight regions, 39.30 dB</dd>" in done
    assert ">partly done<" in partly
    assert "<dd>11 of 12</dd>" in partly
    assert "href" not in partly  # its page was not made
    assert ">not run here<" in waits
    assert "Needs a CUDA GPU: <code>dvc exp run -S &#39;runs=[paper]&#39;</code>" in waits
    assert waits.count("<dd>—</dd>") == 2


def test_a_clone_without_any_result_has_a_front_page_too():
    html, data = front(Results(pd.DataFrame(columns=["profile", "method"]), []), {})
    assert data is None
    assert 'id="look"' not in html
    assert all(">not run here<" in card(html, profile) for profile in PARAMS.profiles)
    assert row(html, "SIREN") == ["30.28", "—"]  # the paper's own scale, which waits


def test_the_gain_has_the_interval_of_its_images():
    gain = gain_of(scores_of(FOUND, "quick", PARAMS), "ours", "ftc")
    assert gain.mean == pytest.approx(1.1)
    assert gain.low < 1.1 < gain.high
    html, _ = front()
    assert row(html, "published") == ["+0.84 dB", "—"]
    assert row(html, "quick") == ["+1.10 dB", "better on 3 of 3 images, clear of zero"]
    assert row(html, "paper") == ["—", "—"]
    two = Results(FOUND.rows[FOUND.rows["image"] != "hard"], [])
    assert row(front(two)[0], "quick") == ["+1.05 dB", "better on 2 of 2 images"]


def test_claims_hold_or_not_by_profile():
    html, _ = front()
    assert answers(html, "On most images, ours > Fine-to-Coarse") == ["quick: yes3 of 3", "kodak_crops: yes3 of 3"]
    assert answers(html, "On average, Multi-Otsu > equal bins") == ["quick: —37.20, —", "kodak_crops: —37.20, —"]


def test_a_claim_that_can_be_asked_nowhere_has_a_dash():
    html, _ = front(Results(pd.DataFrame(columns=["profile", "method"]), []), {})
    assert answers(html, "On most images, ours > Fine-to-Coarse") == ["—"]


def test_infinite_and_missing_averages_have_no_place_on_the_axis():
    rows = FOUND.rows.copy()
    rows.loc[rows["method"] == "ours", "psnr_8bit"] = np.inf
    html, _ = front(Results(rows, []))
    assert row(html, "Ours") == ["39.25", "∞", "∞", "—"]
    assert row(html, "quick") == ["—", "—"]


def test_a_profile_of_another_task_has_its_own_measure_and_no_place_on_the_axis():
    profile = PARAMS.profiles["quick"].model_copy(update={"task": {"kind": "inpaint"}})
    params = PARAMS.model_copy(update={"profiles": {"quick": profile}})
    found = Results(scores().assign(psnr_hidden=20.0, psnr_visible=21.0, psnr_hidden_biharmonic=19.0), [])
    html, _ = front(found, {}, params)
    assert "PSNR hidden, which has no place on this axis" in html
    assert row(html, "SIREN") == ["30.28"]
    marks = re.search(r'<th scope="row">SIREN</th><td class="line".*?</td>', html).group(0)
    assert ("mark m0" in marks, "mark m1" in marks) == (True, False)
    apart = html.partition("Where something else is measured")[2]
    assert row(apart, "SIREN") == ["20.00"]
    assert '<th scope="row">LoE Quad-Tree</th>' not in apart  # of which nothing is known there


def test_a_paper_without_gain_claims_or_discussion():
    bare = PAPER.model_copy(update={"gain": None, "claims": [], "discussion": None})
    html, data = front(paper=bare)
    assert "discussion.md" in front()[0]
    assert not {word for word in ("discussion.md", "The paper's gain", "concludes", 'class="idea"') if word in html}
    assert data["right"] in LEVELS


def test_pictures_are_the_hardest_of_each_profile_with_the_papers_methods_first(monkeypatch):
    shown = exhibits(PAGES, FOUND, PARAMS)
    assert [exhibit.key for exhibit in shown] == [
        "quick/hard",
        "kodak_crops/hard",
        "quick/middle",
        "kodak_crops/middle",
    ]
    assert shown[0].quality == {"siren": "24.00 dB", "ftc": "32.20 dB", "ours": "33.40 dB", "ours_8": "35.60 dB"}
    assert compared(shown, PARAMS, PAPER) == list(LEVELS)
    _, data = front()
    assert [picture["key"] for picture in data["pictures"]][:2] == ["quick/hard", "quick/middle"]  # wide ones first
    assert (data["left"], data["right"]) == ("siren", "ours")
    monkeypatch.setattr("refield.reports.showcase.BUDGET", 1)
    shown = exhibits(PAGES, FOUND, PARAMS)
    assert [exhibit.key for exhibit in shown] == ["quick/hard"]
    assert compared(shown, PARAMS, PAPER) == ["ftc", "ours"]  # the gain's pair, whatever it costs


def test_a_page_that_is_none_is_named():
    with pytest.raises(UserError, match="the page of quick has no pictures to read"):
        exhibits({"quick": "<html><<<<<<< HEAD"}, FOUND, PARAMS)


def test_the_drawing_has_each_gates_experts_where_the_field_has_them():
    drawn = drawing(exhibits(PAGES, FOUND, PARAMS), PARAMS, PAPER)
    field = PARAMS.field("quick", "ours")
    assert isinstance(field, Mlp)
    assert [layer["kind"] for layer in drawn["layers"]] == ["tiles", "tiles", "tiles", "segment"]
    assert [layer.get("scale") for layer in drawn["layers"]] == ["16", "8", "4", None]
    points = RNG.uniform(-1, 1, (200, 2))
    colors = [f"#{bytes(color).hex()}" for color in palette(4)]
    for shown, layer in zip(drawn["layers"][:3], field.layers(dims=2, channels=3), strict=False):
        size = shown["size"]
        corner = points[:, ::-1] % (2 * size) // size * size  # the pattern repeats; x stands before y
        seen = {(round(x, 9), round(y, 9)): color for x, y, color in shown["tiles"]}
        assert [seen[round(x, 9), round(y, 9)] for x, y in corner] == [
            colors[e] for e in field.experts(layer, points, None)
        ]


def test_a_field_without_gates_is_drawn_without_them():
    params = PARAMS.model_copy(update={"methods": PARAMS.methods | {"ours": {"field": "wire"}}})
    assert drawing(exhibits(PAGES, FOUND, params), params, PAPER)["layers"] == []
    assert "<b>A network</b>" in front(params=params)[0]
    dense = PARAMS.methods["ours"] | {"gates": ["dense"] * 4}
    params = PARAMS.model_copy(update={"methods": PARAMS.methods | {"ours": dense}})
    assert drawing(exhibits(PAGES, FOUND, params), params, PAPER)["layers"] == []


def test_what_is_stored_beside_weights_is_said_of_any_field_that_follows_a_map():
    """Also of one whose layers are not drawn."""
    base = PARAMS.model_dump(exclude_unset=True, by_alias=True)
    method = PAPER.gain.better
    base["network"]["gated_latents"] = {"width": 4, "finest": 8, "levels": 2}
    for gates, stored in ((["segment"] * 3, True), ([2.0, 2.0, "dense"], False)):
        own = {**base["methods"], method: {"field": "gated_latents", "gates": gates}}
        params = type(PARAMS).model_validate({**base, "methods": own})
        found = drawing(exhibits(PAGES, FOUND, params), params, PAPER)
        assert (found["layers"], found["map"]) == ([], stored)


@pytest.mark.parametrize("values", [[30.28, 47.6], [0.91, 0.97], [-0.2, 0.0, 2.4], [5.0, 5.0]])
def test_an_axis_runs_over_all_its_values(values):
    axis = Axis.over(values)
    assert all(0 <= axis.at(value) <= 100 for value in values)
    assert [place for place, _ in axis.marked][:: len(axis.ticks) - 1] == [0, 100]


def test_what_waits_is_the_documents_first_table(tmp_path):
    (tmp_path / "gpu.md").write_text(DOCUMENT)
    found = waiting(tmp_path / "gpu.md")
    assert found.lead == ["Nothing has been <em>measured</em>."]
    assert found.items == [
        ("the &lt;b&gt;path&lt;/b&gt;", "<code>pytest -m gpu</code>, first"),
        ("tables", "<code>dvc repro</code>"),
    ]
    html = index(PARAMS, PAPER, FOUND, {}, found)
    assert html.count(">pending</span> —") == 2
    assert waiting(tmp_path / "none.md") is None


def test_the_committed_front_page_leads_to_pages_that_are_there_and_is_small():
    file = Path(ROOT / "reports/index.html")
    assert file.stat().st_size < 1_500_000
    for target in re.findall(r'href="([^"#:]+)"', file.read_text()):
        assert (file.parent / target).exists(), target


@pytest.fixture
def opened(browser, tmp_path: Path):
    document = tmp_path / "gpu.md"
    document.write_text(DOCUMENT)
    (tmp_path / "index.html").write_text(index(PARAMS, PAPER, FOUND, PAGES, waiting(document)))
    browser.set_script_timeout(10)
    browser.get((tmp_path / "index.html").as_uri())
    painted(browser)
    assert browser.execute_script("return document.body.dataset.ready") == "yes"
    yield browser
    assert [entry["message"] for entry in browser.get_log("browser")] == []


PIXELS = """
const done = arguments[0], frame = document.getElementById("frame"), canvas = frame.querySelector("canvas");
const look = () => frame.ariaBusy !== "false" ? setTimeout(look, 10) : done([canvas.height, canvas.width,
  ...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]);
look();
"""


def painted(browser) -> np.ndarray:
    """The pixels of the lower canvas, once it is drawn: those of the right picture."""
    height, width, *pixels = browser.execute_async_script(PIXELS)
    return np.reshape(pixels, (height, width, 4))[..., :3]


def press(browser, selector: str) -> None:
    browser.find_element("css selector", selector).click()


def test_pictures_and_errors_are_those_of_the_methods(opened):
    assert (painted(opened) == ORIGINAL + 6).all()  # ours
    press(opened, "[data-mode=errors]")
    assert np.unique(painted(opened)).tolist() == [60]
    opened.execute_script("const s = document.getElementById('right'); s.value = 'siren'; s.onchange()")
    assert np.unique(painted(opened)).tolist() == [20]
    assert [name.text for name in opened.find_elements("css selector", ".frame .name")] == [
        "Error of SIREN, 24.00 dB"
    ] * 2
    press(opened, "[data-mode=both]")
    assert [name.text for name in opened.find_elements("css selector", ".frame .name")] == [
        "SIREN, 24.00 dB",
        "Error of SIREN, 24.00 dB",
    ]
    press(opened, "#thumbs button:nth-child(3)")
    assert painted(opened).shape == (16, 8, 3)
    assert "kodak_crops: hard" in opened.find_element("css selector", "#note").text


def test_the_slider_works_by_keys_and_says_what_is_seen(opened):
    from selenium.webdriver.common.keys import Keys

    slide = opened.find_element("css selector", "#frame input")
    slide.send_keys(Keys.ARROW_LEFT * 5)
    assert float(slide.get_attribute("value")) == 40
    assert slide.get_attribute("aria-valuetext") == "40 % SIREN, 24.00 dB"
    over = opened.find_element("css selector", "#frame canvas + canvas")
    assert over.value_of_css_property("clip-path") == "inset(0px 60% 0px 0px)"


def test_every_picture_has_an_alternative_and_every_control_a_name(opened):
    assert opened.find_elements("css selector", "img:not([alt])") == []
    for control in opened.find_elements("css selector", "button, select, input, a, summary"):
        assert control.accessible_name or not control.is_displayed(), control.get_attribute("outerHTML")
    order = opened.execute_script("return [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))")
    assert order[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(order))


CONTRASTS = """
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const behind = node => {
  for (; node; node = node.parentElement) {
    const color = parse(getComputedStyle(node).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
const worst = {};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !node.checkVisibility() || node.closest(".frame, script, style")) continue;
  const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) worst[walk.currentNode.data.trim()] = ratio;
}
return [worst, getComputedStyle(document.body).backgroundColor];
"""


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 23, 27)")])
def test_text_can_be_read_in_either_scheme(opened, scheme, paper):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    worst, background = opened.execute_script(CONTRASTS)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert worst == {}
    assert background == paper


def test_a_phone_has_no_sideways_scroll(opened):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    wide = opened.execute_script("return document.documentElement.scrollWidth")
    tables = opened.execute_script(
        "return [...document.querySelectorAll('.scroll')].map(place => place.scrollWidth - place.clientWidth)"
    )
    opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide == 390
    assert max(tables) <= 0
