from pathlib import Path

import pandas as pd
from pipeline import ROOT

from refield import papers
from refield.index import index

PAPER = papers.read(ROOT / "papers.yaml")["oh_bae_2024"]
ROWS = pd.DataFrame(
    [
        ("quick", "siren", 32.7),
        ("quick", "<new>", 41.0),
        ("paper", "siren", float("nan")),
    ],
    columns=["profile", "method", "psnr_average"],
)


def test_profiles_with_scores_are_linked_and_missing_numbers_are_dashes():
    html = index(ROWS, PAPER, ["quick: 4 images."])
    assert '<th>Method</th><th>Paper</th><th><a href="pages/quick.html">quick</a></th><th>paper</th>' in html
    assert "<td>SIREN</td><td>30.28</td><td>32.70</td><td>—</td>" in html
    assert "<td>&lt;new&gt;</td><td>—</td><td>41.00</td><td>—</td>" in html


def test_the_committed_front_page_leads_to_pages_that_are_there():
    import re

    file = Path(ROOT / "reports/index.html")
    for target in re.findall(r'href="([^"]+)"', file.read_text()):
        assert (file.parent / target).exists(), target
