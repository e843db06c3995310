"""Validate params.yaml and what it names before any stage works; its output never changes and invalidates nothing."""

from refield import config, sources
from refield.executors import settings
from refield.executors.settings import Slurm
from stages import layout
from stages.command import run


def main() -> None:
    params = config.read()
    elsewhere = isinstance(settings.read(), Slurm)  # whose nodes may have what this machine lacks
    for profile in params.runs:
        images = params.profiles[profile].images
        sources.listed(images.source, layout.source(profile), images.names)
        if params.profiles[profile].device == "cuda" and not elsewhere:
            from stages.guard import choose_device  # it imports torch, which takes a second

            choose_device(params, profile)
    layout.CHECKED.parent.mkdir(parents=True, exist_ok=True)
    layout.CHECKED.write_text("params.yaml is valid\n")


if __name__ == "__main__":
    run(main)
