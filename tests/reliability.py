"""docs/reliability.md: what was tried and what came of it; each part is written by the tests that it tells of.

Parts that no test writes, of what is known and cannot be helped, come last and stay.
"""

from pipeline import ROOT

FILE = ROOT / "docs/reliability.md"
TITLE = "# What was tried, and what came of it\n"
PARTS = ("Faults", "Odd input", "Compressed files")  # in this order


def write(part: str, text: str) -> None:
    """Put a text in the place of a part; the other parts stay."""
    _, *found = FILE.read_text(encoding="utf-8").split("\n## ")
    texts = dict(each.split("\n", 1) for each in found) | {part: text}
    names = [*(name for name in PARTS if name in texts), *(name for name in texts if name not in PARTS)]
    parts = [f"\n## {name}\n\n{texts[name].strip()}\n" for name in names]
    FILE.write_text(TITLE + "".join(parts), encoding="utf-8")
