"""Compress a profile's photographs, as latents or by methods: bytes and quality of real files, and what they show."""

import shutil
from itertools import product

from refield import comparison
from refield.interface.several import Wanted, compress_all
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage
from refield.scores.rates import as_csv


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
    rates = compress_all([Wanted(file, *way, layout.decompressed(profile)) for file, way in product(photographs, ways)])
    if rates:
        (layout.compressed(profile) / "rates.csv").write_text(as_csv(rates))
    print(f"{profile}: {len(rates)} files")


if __name__ == "__main__":
    run(main)
