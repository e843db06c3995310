"""What papers report, read from their folders."""

from pathlib import Path

from refield import config
from refield.papers import paper
from refield.papers.claim import Claim
from refield.papers.contest import Contest, Contestant
from refield.papers.discussion import Discussion, Part, Shown
from refield.papers.paper import Charts, Gain, Paper
from refield.papers.protocol import Protocol
from refield.papers.table import Row, Table

__all__ = [
    "Charts",
    "Claim",
    "Contest",
    "Contestant",
    "Discussion",
    "Gain",
    "Paper",
    "Part",
    "Protocol",
    "Row",
    "Shown",
    "Table",
    "read",
]


def read(name: str, folder: Path | None = None) -> Paper:
    """The paper of a name, in a folder or where `config.find` finds papers; `ConfigError` if it is missing or wrong."""
    return paper.read(name, folder or config.find("papers"))
