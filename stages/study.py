"""Fit what a study asks for and score it."""

from refield import lifetime
from refield.pipeline import studies
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage, study_folder


def main(study: FromStage, paper: str | None = None) -> None:
    lifetime.end_with_dvc()
    layout = Layout(paper)
    studies.main(layout, study_folder(layout, study))


if __name__ == "__main__":
    run(main)
