"""Validate params.yaml and what it names before any stage works, and write down the digests of its settings."""

import shutil

from refield import config
from refield.executors import settings
from refield.executors.settings import Slurm
from refield.pipeline import units
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.signals import sources


def main(paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(path=layout.params)
    elsewhere = isinstance(settings.read(), Slurm)  # whose nodes may have what this machine lacks
    for profile in params.runs:
        wanted = params.profiles[profile].originals
        sources.listed(wanted.source, layout.sources(profile), wanted.names, wanted.beside)
        if (unet := params.profiles[profile].unet) is not None:
            sources.listed(wanted.source, layout.sources(unet.examples), "all")
        if params.profiles[profile].device == "cuda" and not elsewhere:
            from refield.pipeline.guard import choose_device  # it imports torch, which takes a second

            choose_device(params, profile, layout.sources(profile))
    shutil.rmtree(layout.reports / "settings", ignore_errors=True)  # of a profile that is gone
    for file, text in {layout.checked: "params.yaml is valid\n", **units.of_all(layout, params)}.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    run(main)
