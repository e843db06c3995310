"""Fit what a study asks for and score it."""

from refield.executors import lifetime
from refield.pipeline import studies
from refield.pipeline.command import run


def main(name: str) -> None:
    lifetime.end_with_dvc()
    studies.main(name)


if __name__ == "__main__":
    run(main)
