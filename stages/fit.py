"""Fit a profile's methods to every signal; units that are in the store, or here, are not fitted again."""

from refield import lifetime
from refield.pipeline import fits
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage


def main(profile: FromStage, only: list[str] | None = None, paper: str | None = None) -> None:
    """By hand also some methods alone: --only METHOD --only ANOTHER."""
    lifetime.end_with_dvc()
    for line in fits.fit(Layout(paper), profile, only or ()):
        print(line, flush=True)


if __name__ == "__main__":
    run(main)
