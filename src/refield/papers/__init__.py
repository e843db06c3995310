"""What papers report, read from their folders."""

from refield.papers.claim import Claim
from refield.papers.discussion import Discussion, Part, Shown
from refield.papers.paper import Charts, Gain, Paper, read
from refield.papers.protocol import Protocol
from refield.papers.table import Row, Table

__all__ = ["Charts", "Claim", "Discussion", "Gain", "Paper", "Part", "Protocol", "Row", "Shown", "Table", "read"]
