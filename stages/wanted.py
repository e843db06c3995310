"""Write down which units each method of a profile is, what scores and pages come from: what changes is made again."""

import shutil

from refield import config
from refield.pipeline import units
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    for method in params.methods_of(profile):
        file = layout.wanted(profile, method)
        if method == next(iter(params.methods_of(profile))):
            shutil.rmtree(file.parent, ignore_errors=True)
            file.parent.mkdir(parents=True)
        file.write_text(units.wanted(layout, params, profile, method))
    for file, text in units.of_profile(layout, params, profile).items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    run(main)
