"""The report of rates: same photographs only, tables as computed, names apart, and a page that works in a browser."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pipeline import ROOT
from pydantic import ValidationError

from refield import comparison
from refield.codecs import ABSENT, CODECS
from refield.coding.latents.learning import PHOTOGRAPHS
from refield.errors import UserError
from refield.papers import curves
from refield.reports import rates_images, rates_page, rates_parts, rates_seconds, rates_single, rates_words
from refield.reports.rates import (
    bits,
    gained,
    measured,
    page,
    paid,
    published,
    published_bits,
    published_similar,
    similar,
)
from refield.reports.rates_chart import APART, CEILING, FLOOR, _placed, chart
from refield.reports.rates_panel import Panel, Series, read_panel
from refield.reports.rates_pictures import Seen, look_at, nearest_below
from refield.scores.rates import Rate, as_csv

COMPARISON = comparison.read(ROOT / "papers/rates/params.yaml")
PUBLISHED = curves.read(ROOT / "papers/rates/published.yaml")
RATES = {"jpeg": 1.0, "webp": 0.5}
PIXELS = 4096


def rows(codec: str, factor: float, pixels: int = PIXELS, images: int = 3, similar: bool = False) -> str:
    made = []
    for i in range(images):
        for setting, size in enumerate((128, 256, 512, 1024)):
            count = round(size * factor)
            similarity = 0.9 + setting / 50 if similar else np.nan
            made.append(
                Rate(f"{i:03}", codec, f"{setting}", count, 8 * count / pixels, 24 + 3 * setting + i, similarity)
            )
    return as_csv(made)


@pytest.fixture
def compared(tmp_path):
    """What was measured of three images: two codecs, and fields in two sizes."""
    (tmp_path / "measured").mkdir()
    for codec, factor in RATES.items():
        (tmp_path / f"measured/{codec}.csv").write_text(rows(codec, factor))
    (tmp_path / "fields").mkdir()
    for size, factor in (("small", 0.25), ("large", 0.3)):
        (tmp_path / f"fields/{size}.csv").write_text(rows("half", factor))
    return with_fields(str(tmp_path / "fields"))


def with_fields(*folders: str, published: bool = True) -> comparison.Comparison:
    fields = [comparison.Fields(label="</script>Net", folder=folder) for folder in folders]
    quick = COMPARISON.profiles["quick"].model_copy(update={"fields": fields, "published": published})
    return COMPARISON.model_copy(update={"profiles": {"quick": quick}})


def panel(compared, tmp_path):
    found = read_panel("quick", compared, tmp_path / "measured", PUBLISHED)
    assert found
    return found


@pytest.fixture
def of_two(compared, tmp_path):
    """The folder of fields, which lack one of the three images."""
    for size, factor in (("small", 0.25), ("large", 0.3)):
        (tmp_path / f"fields/{size}.csv").write_text(rows("half", factor, images=2))
    return str(tmp_path / "fields")


def test_a_panel_is_of_the_images_that_all_have(of_two, tmp_path):
    found = panel(with_fields(of_two, published=False), tmp_path)
    assert found.images == ["000", "001"]
    assert found.words == "2 of 3 photographs, those that all rates have, of 4,096 pixels"
    assert [each.label for each in found.series] == ["</script>Net, half", "JPEG", "WebP"]
    assert set(found.series[0].rows["setting"]) == {f"{size}, {i}" for size in ("small", "large") for i in range(4)}


def test_pixels_are_counted_where_rounded_rates_tell_them(compared, tmp_path):
    """Six decimals of the rates of small files are less than a pixel is."""
    pixels = 768 * 512
    for codec, factor in RATES.items():
        (tmp_path / f"measured/{codec}.csv").write_text(rows(codec, 100 * factor, pixels))
    for size, factor in (("small", 0.25), ("large", 0.3)):
        (tmp_path / f"fields/{size}.csv").write_text(rows("half", factor, pixels))
    assert panel(compared, tmp_path).pixels == pixels


def test_beside_published_curves_no_series_is_of_fewer_images(of_two, tmp_path):
    """They are means over all images, and so must be what they are held against."""
    compared = with_fields(of_two)
    found = panel(compared, tmp_path)
    assert (found.images, found.words) == (["000", "001", "002"], "3 photographs of 4,096 pixels")
    assert [each.label for each in found.series] == ["JPEG", "WebP"]
    assert "\n\nLeft out beside published curves: </script>Net, half, of fewer photographs.\n" in page(
        [found], compared, {}
    )


def test_tables_say_what_the_curves_are(compared, tmp_path):
    found = panel(compared, tmp_path)
    heads, (field, jpeg, webp) = bits(found, compared)
    assert heads == ["BD-rate", "to JPEG", "to JPEG 2000", "to WebP", "to AVIF 4:4:4"]
    assert jpeg == ["JPEG", "—", "—", "+100.0 % [+100.0, +100.0]", "—"]  # none to itself, nor to what has no files
    assert webp == ["WebP", "-50.0 % [-50.0, -50.0]", "—", "—", "—"]
    # What is as good takes no more: the larger files beat none.
    assert field[:2] == ["</script>Net, half", "-75.0 % [-75.0, -75.0]"]
    # It gains 3 dB with each doubling, from 25 dB at 0.125 bpp on.
    heads, rows = measured(found, compared)
    assert heads == ["Measured here", *(f"dB at {bpp:g} bpp" for bpp in compared.bpp)]
    assert rows[2][:2] == ["WebP", f"{25 + 3 * np.log2(0.15 / 0.125):.2f}"]
    heads, (coin, *_) = published(found, compared)
    assert (heads[0], coin[0], coin[2]) == ("Published", "COIN", "26.34")
    _, (coin, *_) = published_bits(found, compared)
    assert (coin[0], coin[2], coin[4]) == ("COIN", "—", "—")
    assert coin[1].endswith(" %")


def test_bd_rates_stand_image_by_image_or_by_their_extremes(compared, tmp_path):
    """Files of one image take five times as many bits as the other's do."""

    def write(images: int) -> list[list[str]]:
        for codec, factor in RATES.items():
            (tmp_path / f"measured/{codec}.csv").write_text(rows(codec, factor, images=images))
        made = [line.split(",") for line in rows("half", 0.5, images=images).splitlines()]
        for line in made[1:5]:
            line[3:5] = [str(5 * int(line[3])), str(5 * float(line[4]))]
        (tmp_path / "fields/small.csv").write_text("\n".join(map(",".join, made)) + "\n")
        found = panel(compared, tmp_path)
        ((heads, table),) = rates_images.tables(found, compared)
        assert heads[:2] == ["BD-rate of </script>Net, half", "to JPEG"]
        assert f"{rates_images.LEAD}\n\n| {heads[0]} |" in page([found], compared, {})
        return table

    (tmp_path / "fields/large.csv").unlink()
    assert [line[:3] for line in write(3)] == [
        ["000", "+150.0 %", "—"],
        ["001", "-50.0 %", "—"],
        ["002", "-50.0 %", "—"],
    ]
    table = write(14)
    assert [line[0] for line in table] == ["lowest", "median", "highest"]
    assert table[0][1].endswith(", -50.0 %")
    assert [line[1:3] for line in table[1:]] == [["007, -50.0 %", "—"], ["000, +150.0 %", "—"]]


def test_parts_of_files_are_means_over_the_panels_images(compared, tmp_path):
    sizes = {"latents 1/1": (30, 60), "rest": (10, -0.2)}
    made = [
        (f"00{i}", "half", setting, part, size + i)
        for i in range(4)  # of which one is not in the panel
        for part, (low, high) in sizes.items()
        for setting, size in (("0.3", low), ("0.6", high))
    ]
    (tmp_path / "fields/parts.csv").write_text(rates_parts.as_csv(made))
    found = panel(compared, tmp_path)
    wanted = [
        "| Bytes of </script>Net, half | at 0.3 bpp | at 0.6 bpp |",
        "| --- | ---: | ---: |",
        "| whole | 42 | 62 |",
        "| latents 1/1 | 31, 73.8 % | 61, 98.7 % |",
        "| rest | 11, 26.2 % | 1, 1.3 % |",
    ]
    assert "\n".join(wanted) in page([found], compared, {})
    assert len(found.series) == 3  # they are no rates
    # Only files of latents have parts, and their networks do not begin at random.
    (note,) = [note for note in found.notes if note.startswith("</script>Net, half: From a start learned on")]
    assert all(name.partition(".")[0] in note for name in PHOTOGRAPHS)
    assert f"\n\n{note}\n\n" in page([found], compared, {})
    (tmp_path / "fields/parts.csv").write_text("image,codec\n1,2\n")
    with pytest.raises(UserError, match=r"parts\.csv must have the columns image,codec,setting,part,bytes"):
        panel(compared, tmp_path)


def test_where_bytes_go_is_concluded_from_the_smallest_and_the_largest_setting():
    rows = [("a", "c", "0.3", "header", 10), ("a", "c", "0.3", "drawing network", 40), ("a", "c", "0.3", "1/1", 50)]
    rows += [("a", "c", "2", "header", 10), ("a", "c", "2", "drawing network", 90), ("a", "c", "2", "1/1", 300)]
    said = rates_words.of_parts("Net", pd.DataFrame(rows, columns=["image", "codec", "setting", "part", "bytes"]))
    assert said == (
        "Of files of Net header and networks are 50.0 % at 0.3 bpp and 25.0 % at 2: no better coding of them could "
        "save more. Of what larger files have more, 83 % are 1/1: there bits can be saved."
    )


def series(kind, label, qualities, similarity=None):
    """Of four photographs, curves from 0.1 to 2 bpp between two qualities each."""
    made = [
        Rate(f"im{i}", label, f"{j}", 10, bpp, quality, np.nan if similarity is None else similarity + j / 100)
        for i, ends in enumerate(qualities)
        for j, (bpp, quality) in enumerate(zip((0.1, 2.0), ends, strict=True))
    ]
    return Series(label, label, kind, pd.DataFrame(made))


def test_words_say_where_fields_lead_where_they_saturate_and_who_is_above():
    """At 0.1 bpp by 1 dB, at 2 bpp on average by none: 3 and 2 dB below on two smooth photographs, above on others."""
    codec = [(30, 50), (30, 48), (20, 36), (20, 34)]
    ours = series("field", "Net", [(31, 47), (31, 46), (21, 38), (21, 37)], 0.9)
    others = [series("codec", "Best", codec, 0.95), series("codec", "Worse", [(9, 20)] * 4, 0.8)]
    compared = COMPARISON.model_copy(update={"bpp": [0.05, 0.1, 2.0]})
    panel = Panel("p", [f"im{i}" for i in range(4)], 4, 100, [ours, *others], [], [], [], {})
    assert rates_words.verdicts(panel, compared) == [
        "In mean PSNR Net is, beside the best of the codecs, above by 1.00 dB at 0.1 bpp (Best); below by 0.00 dB at 2 "
        "bpp (Best).",
        "In the largest files of Net, of 2.00 bpp on average, the half of the photographs that codecs show best, the "
        "smooth ones, is 2.50 dB below the best codec, the other half 2.50 dB above it; farthest from it is im0, 3.00 "
        "dB below Best. Smooth photographs saturate.",
        "In mean MS-SSIM Net is below Best at 0.1 and 2 bpp.",
    ]
    above = replace(panel, series=[series("field", "Net", [(40, 60)] * 4, 0.97), *others])
    first, second, third = rates_words.verdicts(above, compared)
    assert "below" not in first
    assert "saturate" not in second
    assert "farthest" not in second
    assert third == "In mean MS-SSIM Net is below no codec at 0.1 and 2 bpp."


def test_words_say_how_far_published_fields_are_ahead(compared, tmp_path):
    """Of files of a single rate, at that rate; codecs' and autoencoders' published curves are no fields'."""
    one = series("field", "Net", [(31, 31)] * 4)
    one = Series("Net", "Net", "field", one.rows[one.rows["setting"] == "0"].assign(bpp=0.3))
    fields = {each.label: each.curve.at(0.3) for each in PUBLISHED.curves.values() if each.kind == "field"}
    known = {label: psnr for label, psnr in fields.items() if psnr > 0}
    best = max(known, key=known.get)
    found = Panel("p", ["im0"], 1, 100, [one], [*PUBLISHED.curves.values()], [], [], {})
    assert rates_words.verdicts(found, compared) == [
        f"At 0.3 bpp {sum(psnr > 31 for psnr in known.values())} of {len(known)} published curves of fields are above "
        f"Net; the best, {best}, is {known[best] - 31:.2f} dB above it."
    ]


def test_words_stand_in_report_and_page(compared, tmp_path):
    found = panel(compared, tmp_path)
    said = rates_words.verdicts(found, compared)
    assert said
    assert "\n\n" + "\n".join(f"* {each}" for each in said) + "\n" in page([found], compared, {})
    data = json.loads(re.search(r'id="data">(.*?)</script>', text(compared, tmp_path), re.S)[1])
    assert " ".join(said) in [table["words"] for table in data["panels"][0]["tables"]]


def test_ms_ssim_has_a_table_where_there_is_any(compared, tmp_path):
    found = panel(compared, tmp_path)
    assert similar(found, compared)[1] == []
    assert "| MS-SSIM |" not in page([found], compared, {})
    (tmp_path / "measured/webp.csv").write_text(rows("webp", 0.5, similar=True))
    found = panel(compared, tmp_path)
    # It gains 0.02 with each doubling, from 0.9 at 0.125 bpp on to 1 bpp.
    known = [f"{0.9 + 0.02 * np.log2(bpp / 0.125):.4f}" if bpp <= 1 else "—" for bpp in compared.bpp]
    wanted = ["WebP", *known]
    assert similar(found, compared) == (["MS-SSIM", *(f"at {bpp:g} bpp" for bpp in compared.bpp)], [wanted])
    assert f"| {' | '.join(wanted)} |" in page([found], compared, {})


def test_published_ms_ssim_has_a_table_of_those_whose_source_has_it(compared, tmp_path):
    found = panel(compared, tmp_path)
    heads, lines = published_similar(found, compared)
    known = {label for label, *_ in lines}
    assert known == {each.label for each in PUBLISHED.curves.values() if each.ms_ssim}
    assert not known & {each.label for each in PUBLISHED.curves.values() if each.kind == "field"}
    # Of a curve with a point at 0.15 bpp it is that point's.
    vtm = PUBLISHED.curves["vtm"]
    points = [(0.15, 28.0), *vtm.points[2:]]
    exact = vtm.model_copy(update={"points": points, "ms_ssim": [0.91, *(vtm.ms_ssim or [])[2:]]})
    assert published_similar(replace(found, published=[exact]), compared)[1][0][:2] == ["VVC (VTM)", "0.9100"]
    assert "| Published MS-SSIM | at 0.15 bpp |" in page([found], compared, {})
    assert heads[0] == "Published MS-SSIM"
    data = json.loads(re.search(r'id="data">(.*?)</script>', text(compared, tmp_path), re.S)[1])
    by_label = {line["label"]: line["points"] for line in data["panels"][0]["lines"] if "published" in line["group"]}
    assert [point[3] for point in by_label["VVC (VTM)"]] == vtm.ms_ssim
    assert {point[3] for point in by_label["COIN"]} == {None}


def test_published_ms_ssim_is_of_each_point() -> None:
    values = PUBLISHED.curves["vtm"].model_dump(mode="json")
    values["ms_ssim"] = values["ms_ssim"][1:]
    with pytest.raises(ValidationError, match="ms_ssim: 6 values are of 7 points; give one of each"):
        curves.Published.model_validate(values)


def test_a_note_says_what_fields_are_that_are_there(compared, tmp_path):
    fields = [each.model_copy(update={"note": "Of fewer steps."}) for each in compared.profiles["quick"].fields]
    absent = fields[0].model_copy(update={"folder": str(tmp_path / "none"), "label": "Other"})
    quick = compared.profiles["quick"].model_copy(update={"fields": [*fields, absent]})
    noted = compared.model_copy(update={"profiles": {"quick": quick}})
    told = panel(noted, tmp_path).notes
    assert "</script>Net: Of fewer steps." in told
    assert not [note for note in told if note.startswith("Other")]


def test_a_codec_that_one_might_miss_is_named_with_the_reason(compared, tmp_path):
    assert "\n\nHEIC is not measured here: the wheels that encode it hold x265," in page(
        [panel(compared, tmp_path)], compared, {}
    )
    assert not {codec.title for codec in CODECS.values()} & {*ABSENT}


def test_what_is_not_made_is_said_and_no_error(compared, tmp_path):
    absent = with_fields(str(tmp_path / "none"))
    text = page([panel(absent, tmp_path)], absent, {})
    assert f"Not made yet: the rates in {tmp_path / 'none'}." in text
    assert read_panel("quick", absent, tmp_path / "elsewhere", PUBLISHED) is None


def test_other_photographs_of_the_same_names_are_refused(compared, tmp_path):
    (tmp_path / "fields/small.csv").write_text(rows("half", 0.25, pixels=1024))
    (tmp_path / "fields/large.csv").unlink()
    with pytest.raises(
        UserError, match=r"^profile quick: 000 has 1024 pixels for </script>Net, half and 4096 for WebP"
    ):
        panel(compared, tmp_path)


def test_names_in_the_chart_are_apart_and_in_the_order_of_ends(compared, tmp_path):
    from refield.reports.rates_chart import _fields

    lines = _fields(panel(compared, tmp_path), ["jpeg"])
    placed = list(_placed(lines))
    heights = [height for _, _, height in placed]
    assert np.diff(heights).min() >= APART - 0.01
    assert min(heights) >= FLOOR - 0.01
    assert max(heights) <= CEILING + 0.01
    ends = [end for _, (_, end), _ in placed]
    assert ends == sorted(ends)
    assert len(placed) == len(lines)


def test_the_chart_names_every_line(compared, tmp_path):
    found = panel(compared, tmp_path)
    left, right = chart(found, ["webp"]).axes
    names = [text.get_text() for axes in (left, right) for text in axes.texts]
    assert names.count("WebP") == 2
    assert names.count("JPEG") == 1  # the published one is not drawn beside that measured here
    assert {each.label for each in found.published if each.kind == "field"} <= {text.get_text() for text in left.texts}


def test_a_row_is_the_nearest_below_or_the_smallest():
    table = pd.DataFrame({"bpp": [0.5, 0.2, 0.9], "setting": ["b", "a", "c"]})
    assert [nearest_below(table, bpp)["setting"] for bpp in (0.6, 0.5, 0.1, 2)] == ["b", "b", "a", "c"]


def text(compared, tmp_path) -> str:
    found = panel(compared, tmp_path)
    pixels = np.random.default_rng(0).integers(0, 250, (20, 30, 3), dtype=np.uint8)
    seen = [Seen(title, 0.25, 30.123, pixels + np.uint8(i)) for i, title in enumerate(("Net, half", "JPEG"))]
    looks = {"quick": [look_at("000", pixels, seen, 16)]}
    assert looks["quick"][0]["note"] == "000, 30 x 20 pixels. Rows 2 to 17, columns 7 to 22."
    return rates_page.page([found], looks, compared, PUBLISHED.title, {"quick": "provenance/quick.md"})


def test_the_page_stands_alone(compared, tmp_path):
    html = text(compared, tmp_path)
    shell = re.sub(r'<script type="application/json" id="data">.*?</script>', "", html, flags=re.S)
    assert not re.findall(r'(?:src|href)\s*=\s*["\']?(?!data:)[a-z]+:', shell)
    assert "@import" not in html
    assert html == text(compared, tmp_path)


def test_no_two_lines_of_the_page_look_alike(compared, tmp_path):
    lines = json.loads(re.search(r'id="data">(.*?)</script>', text(compared, tmp_path), re.S)[1])["panels"][0]["lines"]
    looks = [(line["color"], line["dashes"], line["mark"], line["width"]) for line in lines]
    assert len(looks) > 20
    assert len({*looks}) == len(looks)
    kinds = {line["dashes"]: line["group"] for line in lines if line["dashes"]}
    assert {*kinds.values()} == {*rates_page.PUBLISHED.values()}  # each has dashes of its own


def test_the_page_opens_where_curves_of_ours_are(compared, tmp_path):
    ours, alone = panel(compared, tmp_path), replace(panel(compared, tmp_path), published=[])
    codecs = replace(ours, series=[each for each in ours.series if each.kind == "codec"])
    larger = replace(alone, pixels=2 * PIXELS)
    assert rates_page.opened([codecs, alone, codecs]) == 1
    assert rates_page.opened([codecs, alone, larger]) == 2
    assert rates_page.opened([larger, codecs, ours]) == 2
    assert rates_page.opened([]) == 0


@pytest.fixture
def opened(browser, compared, tmp_path):
    (tmp_path / "rates.html").write_text(text(compared, tmp_path))
    browser.get((tmp_path / "rates.html").as_uri())
    assert browser.execute_script("return document.body.dataset.ready") == "yes"
    yield browser
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def labels(browser) -> list[str]:
    lines = browser.find_elements("css selector", "#chart polyline")
    return [line.get_attribute("data-label") for line in lines]


def told(browser, label: str) -> str:
    """What is said where a line's second point is pointed at."""
    return browser.execute_script(
        "const line = document.querySelector(`polyline[data-label=${arguments[0]}]`), p = line.points[1];"
        "const q = new DOMPoint(p.x, p.y).matrixTransform(line.ownerSVGElement.getScreenCTM());"
        "line.ownerSVGElement.onpointermove({clientX: q.x, clientY: q.y});"
        "return document.getElementById('told').textContent",
        label,
    )


def test_seconds_are_linked(opened, compared, tmp_path):
    link = opened.find_element("css selector", "#words a")
    assert link.get_dom_attribute("href") == "provenance/quick.md"
    found, link = [panel(compared, tmp_path)], "\n\n[How long the files took](provenance/quick.md).\n"
    assert link in page(found, compared, {"quick": "provenance/quick.md"})
    assert link not in page(found, compared, {"another": "provenance/quick.md"})


def test_lines_come_and_go_and_tell_their_points(opened):
    assert {"</script>Net, half", "JPEG", "WebP", "COIN", "VVC (VTM)"} <= set(labels(opened))
    before = labels(opened)
    opened.find_element("css selector", "#legend input").click()
    assert labels(opened) == [name for name in before if name != "</script>Net, half"]
    from selenium.webdriver.common.action_chains import ActionChains

    for scale in ("linear", "log"):
        opened.find_element("css selector", f"[data-scale={scale}]").click()
        svg = opened.find_element("css selector", "#chart svg")
        ActionChains(opened).move_to_element_with_offset(svg, 0, 0).perform()
        assert told(opened, "JPEG") == "JPEG, setting 1: 0.500 bpp, 28.00 dB"


def test_ms_ssim_is_shown_in_the_place_of_psnr_where_there_is_any(browser, compared, tmp_path):
    alone = with_fields(str(tmp_path / "fields"), published=False)

    def measures(comparison=alone):
        (tmp_path / "rates.html").write_text(text(comparison, tmp_path))
        browser.get((tmp_path / "rates.html").as_uri())
        return browser.find_element("css selector", "#measures")

    assert not measures().is_displayed()
    (tmp_path / "measured/webp.csv").write_text(rows("webp", 0.5, similar=True))
    buttons = measures().find_elements("css selector", "button")
    assert len(labels(browser)) > 1
    buttons[1].click()
    assert labels(browser) == ["WebP"]
    assert told(browser, "WebP") == "WebP, setting 1: 0.250 bpp, MS-SSIM 0.9200"
    buttons[0].click()
    assert told(browser, "WebP") == "WebP, setting 1: 0.250 bpp, 28.00 dB"
    measures(compared).find_elements("css selector", "button")[1].click()
    with_it = [each.label for each in PUBLISHED.curves.values() if each.ms_ssim]
    assert sorted(labels(browser)) == sorted(["WebP", *with_it])
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def test_pictures_and_tables_are_shown(opened):
    captions = [each.text for each in opened.find_elements("css selector", "#row figcaption")]
    assert captions == ["Original", "Net, half, 0.250 bpp, 30.12 dB", "JPEG, 0.250 bpp, 30.12 dB"]
    first, against, _, second, *_ = opened.find_elements("css selector", "#tables table")
    assert against.find_element("css selector", "thead th:nth-child(2)").text == "to JPEG"
    assert first.find_element("css selector", "tbody td").text == "</script>Net, half"
    link = second.find_element("css selector", "tbody td.text a")
    assert link.get_attribute("href").startswith("https://github.com/EmilienDupont/coin/")


def test_files_of_a_single_rate_stand_beside_codecs_at_as_many_bits(tmp_path, compared):
    """Of about 0.5, 0.7 and 0.9 bits a pixel, 1, 2 and 3 dB above what JPEG's curves say there."""
    (tmp_path / "one").mkdir()
    jpeg = panel(compared, tmp_path).images_of("jpeg")
    sizes = {image: 256 + 104 * k for k, image in enumerate(sorted(jpeg))}
    made = [
        Rate(image, "latents", "0.9", size, bpp := 8 * size / PIXELS, jpeg[image].at(bpp) + 1 + k, np.nan)
        for k, (image, size) in enumerate(sizes.items())
    ]
    (tmp_path / "one/rates.csv").write_text(as_csv(made))
    asked = with_fields(str(tmp_path / "one"), str(tmp_path / "fields"), published=False)
    heads, (row,) = rates_single.table(found := panel(asked, tmp_path), asked)
    assert heads[:3] == ["At equal bits", "bpp", "less JPEG"]
    assert row[:2] == ["</script>Net, latents", "0.703"]
    assert re.fullmatch(r"\+2\.00 dB \[-0\.48, \+4\.48\], 3 of 3", row[2])
    assert row[3] == "—"  # JPEG 2000 is not measured here
    assert rates_single.LEAD in page([found], asked, {})
    assert rates_single.LEAD not in page([panel(compared, tmp_path)], compared, {})


def test_methods_are_compared_with_the_first_at_equal_bits(compared, tmp_path):
    """Of three images, on which a method is better by as much as chance makes it, or clearly so, or clearly worse."""
    folder = tmp_path / "compressed"
    folder.mkdir()
    made = [
        Rate(f"00{i}", method, f"{bpp:g}", 100, 800 / PIXELS, 30 + bpp + gain, np.nan)
        for (method, bpp), of_images in {
            ("plain", 1.0): (0.0, 0.0, 0.0),
            ("plain", 2.5): (0.0, 0.0, 0.0),
            ("gated", 1.0): (0.5, 1.0, 1.5),
            ("gated", 2.5): (1.0, 1.1, 1.2),
            ("worse", 1.0): (-1.0, -1.1, -1.2),
            ("worse", 2.5): (-1.1, -1.0, -1.2),
        }.items()
        for i, gain in enumerate(of_images)
    ]
    (folder / "rates.csv").write_text(as_csv(made))
    asked = comparison.Compressed(methods=["plain", "gated", "worse"], iterations=1, bpp=[1.0, 2.5, 4.0])
    entry = COMPARISON.profiles["quick"].model_copy(
        update={"fields": [comparison.Fields(label="Net", folder=str(folder))], "compressed": asked}
    )
    compared = COMPARISON.model_copy(update={"profiles": {"quick": entry}})
    found = panel(compared, tmp_path)
    heads, (row, other) = gained(found, compared)
    assert heads == ["At equal bits", "at 1 bpp", "at 2.5 bpp", "at 4 bpp"]
    assert row == ["Net, gated less Net, plain", "+1.00 dB [-0.24, +2.24]", "+1.10 dB [+0.85, +1.35]", "—"]
    assert other[:2] == ["Net, worse less Net, plain", "-1.10 dB [-1.35, -0.85]"]
    assert "| Net, gated less Net, plain | +1.00 dB [-0.24, +2.24] |" in page([found], compared, {})
    sentences = paid(found, compared)
    assert sentences == [
        "Net, gated, against Net, plain: within chance at 1 bpp; pays at 2.5 bpp.",
        "Net, worse, against Net, plain: does not pay at 1 and 2.5 bpp.",
    ]
    assert "\n\n" + "\n".join(f"* {each}" for each in sentences) + "\n" in page([found], compared, {})
    pairs = asked.model_copy(update={"against": {"worse": ["gated", "plain", "missing"]}})
    others = compared.model_copy(update={"profiles": {"quick": entry.model_copy(update={"compressed": pairs})}})
    assert [row[:2] for row in gained(found, others)[1]] == [
        ["Net, worse less Net, gated", "-2.10 dB [-3.59, -0.61]"],
        ["Net, worse less Net, plain", "-1.10 dB [-1.35, -0.85]"],
    ]
    assert (gained(found, COMPARISON), paid(found, COMPARISON)) == (([], []), [])


def test_of_seconds_date_and_machine_are_said_where_they_are_known():
    older = pd.DataFrame({"setting": ["1", "2"], "encode_seconds": [0.1, 0.2], "decode_seconds": [0.01, 0.01]})
    newer = older.assign(date=["2026-12-02", "2026-12-01"], device="CPU (Some)")
    lines = rates_seconds.page("quick", {"jpeg": older, "webp": newer}).splitlines()
    assert lines[-2:] == [
        "| JPEG | 100.0 to 200.0 | 10.0 | — | — |",
        "| WebP | 100.0 to 200.0 | 10.0 | 2026-12-01 to 2026-12-02 | CPU (Some) |",
    ]


def test_of_files_that_were_kept_without_their_seconds_these_are_unknown():
    kept = pd.DataFrame(
        {
            "codec": ["old", "old", "some", "some", "some"],
            "setting": ["1", "2", "1", "1", "2"],
            "encode_seconds": [np.nan, np.nan, 400.0, np.nan, 500.0],
            "decode_seconds": [1.0, 2.0, 1.5, 1.5, 1.5],
        }
    )
    text = rates_seconds.page("quick", {}, kept)
    assert "| refield compress, old | unknown | 1.00 to 2.00 | — | — |\n" in text
    assert "| refield compress, some | 400.00 to 500.00, of 2 of 3 files | 1.50 | — | — |\n" in text


def test_seconds_of_files_stand_beside_the_steps_that_they_took():
    kept = pd.DataFrame({"setting": "1", "encode_seconds": [4.0, 5.0], "decode_seconds": 1.0})
    asked = COMPARISON.profiles["quick"].model_copy(
        update={
            "latents": comparison.Latents(iterations=2000, bpp=[1.0]),
            "compressed": comparison.Compressed(methods=["siren"], iterations=300, bpp=[1.0]),
        }
    )
    text = rates_seconds.page("quick", {}, kept.assign(codec=["latents", "siren"]), asked)
    assert "| refield compress, latents, 2,000 steps | 4.00 |" in text
    assert "| refield compress, siren, 300 steps | 5.00 |" in text
