"""Fit one method to every signal of a profile; units that are already in the store are not fitted again."""

from refield import lifetime
from refield.pipeline import fits
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage


def main(profile: FromStage, method: FromStage, paper: str | None = None) -> None:
    lifetime.end_with_dvc()
    print(fits.fit(Layout(paper), profile, method))


if __name__ == "__main__":
    run(main)
