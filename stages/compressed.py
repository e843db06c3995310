"""Compress a profile's photographs, as latents or by methods: bytes and quality of real files, and what they show."""

import shutil
from itertools import product

import pandas as pd

from refield import comparison
from refield.interface.several import Wanted, compress_all
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import FIELDS, ComparisonLayout
from refield.pipeline.names import FromStage
from refield.reports.rates_parts import FILE as PARTS
from refield.reports.rates_parts import as_csv as parts_as_csv
from refield.scores.rates import as_csv
from refield.scores.timed import MADE, SECONDS, made_here


def main(profile: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    asked = comparison.read(layout.params).profile(profile)
    for folder in (layout.compressed(profile), layout.decompressed(profile)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    ways: list[tuple[str | None, int, float]] = []
    if (methods := asked.compressed) is not None:
        ways += [(method, methods.iterations, bpp) for method, bpp in product(methods.methods, methods.bpp)]
    if (latents := asked.latents) is not None:
        ways += [(None, latents.iterations, bpp) for bpp in latents.bpp]
    photographs = sorted(layout.signals(profile).glob("*.png"))
    made = compress_all([Wanted(file, *way, layout.decompressed(profile)) for file, way in product(photographs, ways)])
    if made:
        (layout.compressed(profile) / "rates.csv").write_text(as_csv(each.rate for each in made))
        parts = [(*each.rate[:3], part.name, part.bytes) for each in made for part in each.parts]
        if parts:
            (layout.compressed(profile) / PARTS).write_text(parts_as_csv(parts))
        # When it is measured again they differ: no output of the stage.
        rows = [(*each.rate[:3], each.encode_seconds, each.decode_seconds) for each in made]
        table = pd.DataFrame(rows, columns=pd.Index(["image", "codec", "setting", *SECONDS]))
        table[[*MADE]] = made_here()
        layout.provenance(profile, FIELDS).parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(layout.provenance(profile, FIELDS), index=False, float_format="%.3f", lineterminator="\n")
    print(f"{profile}: {len(made)} files")


if __name__ == "__main__":
    run(main)
