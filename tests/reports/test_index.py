from pathlib import Path

import pandas as pd
from pipeline import ROOT

from refield import papers
from refield.reports.index import index
from refield.scores.measure import PSNR, SSIM

PAPER = papers.read("oh_bae_2024", ROOT / "papers")
MEASURES = {"quick": PSNR, "paper": PSNR}
ROWS = pd.DataFrame(
    [
        ("quick", "siren", 32.7),
        ("quick", "<new>", 41.0),
        ("paper", "siren", float("nan")),
    ],
    columns=["profile", "method", "average"],
)


def test_profiles_with_scores_are_linked_and_missing_numbers_are_dashes():
    html = index(ROWS, MEASURES, PAPER, ["quick: 4 images."])
    assert '<th>Method</th><th>Paper</th><th><a href="pages/quick.html">quick</a></th><th>paper</th>' in html
    assert "<td>SIREN</td><td>30.28</td><td>32.70</td><td>—</td>" in html
    assert "<td>&lt;new&gt;</td><td>—</td><td>41.00</td><td>—</td>" in html


def test_a_measure_that_is_not_the_papers_is_named_in_its_digits():
    html = index(ROWS, {"quick": SSIM, "paper": PSNR}, PAPER, [])
    assert '<th><a href="pages/quick.html">quick</a>, SSIM</th>' in html
    assert "<td>SIREN</td><td>30.28</td><td>32.7000</td>" in html


def test_a_paper_without_a_discussion_has_no_link_to_one():
    assert "discussion.md" in index(ROWS, MEASURES, PAPER, [])
    assert "discussion.md" not in index(ROWS, MEASURES, PAPER.model_copy(update={"discussion": None}), [])


def test_the_committed_front_page_leads_to_pages_that_are_there():
    import re

    file = Path(ROOT / "reports/index.html")
    for target in re.findall(r'href="([^"]+)"', file.read_text()):
        assert (file.parent / target).exists(), target
