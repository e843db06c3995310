"""What waits to be run, as a document lists it: its first table."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup


@dataclass(frozen=True)
class Waiting:
    """What is said of the whole, and what waits, each with the command that runs it; Markdown as HTML."""

    lead: list[Markup]
    items: list[tuple[Markup, Markup]]


def waiting(document: Path) -> Waiting | None:
    """The first table, of each row the first two cells, and the paragraphs above it; None without a document."""
    if not document.exists():
        return None
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    lead, rows, inside = [], list[list[Markup]](), ""
    for token in markdown.parse(document.read_text(encoding="utf-8")):
        if token.type == "table_close":
            break
        if token.type.endswith("_open"):
            inside = token.type
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            text = Markup(markdown.renderer.render(token.children or [], markdown.options, {}))
            if inside == "paragraph_open":
                lead.append(text)
            if inside == "td_open":
                rows[-1].append(text)
    return Waiting(lead, [(row[0], row[1]) for row in rows if len(row) > 1])
