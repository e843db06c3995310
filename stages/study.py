"""Fit what a study asks for and score it."""

from refield.executors import lifetime
from refield.pipeline import studies
from refield.pipeline.command import run
from refield.pipeline.names import FromStage, study_folder


def main(study: FromStage) -> None:
    lifetime.end_with_dvc()
    studies.main(study_folder(study).name)


if __name__ == "__main__":
    run(main)
