"""Write down what a profile's compressed files come from: they are made again if it changes."""

from refield import comparison
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.compressing import coding
from refield.pipeline.names import FromStage


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    text = coding(comparison.read(layout.params).profile(profile))
    layout.coding(profile).parent.mkdir(parents=True, exist_ok=True)
    layout.coding(profile).write_text(text)


if __name__ == "__main__":
    run(main)
