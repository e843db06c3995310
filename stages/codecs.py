"""Measure a standard codec on a profile's photographs: bytes and quality of real files; seconds go apart."""

import pandas as pd

from refield import comparison
from refield.codecs import code
from refield.pipeline.command import run
from refield.pipeline.comparison_layout import ComparisonLayout
from refield.pipeline.names import FromStage, require
from refield.scores.rates import as_csv, rate
from refield.scores.timed import MADE, made_here
from refield.signals import png


def main(profile: FromStage, codec: FromStage, paper: str | None = None) -> None:
    layout = ComparisonLayout(paper)
    compared = comparison.read(layout.params)
    compared.profile(profile)
    require(codec, compared.codecs, f"codec of {layout.params}")
    rates, seconds = [], []
    for file in sorted(layout.signals(profile).glob("*.png")):
        pixels = png.read(file)
        for setting in compared.codecs[codec]:
            coded, said = code(codec, pixels, setting), f"{setting:g}"
            rates.append(rate(file.stem, codec, said, len(coded.data), pixels, coded.picture))
            seconds.append((file.stem, codec, said, coded.encode_seconds, coded.decode_seconds))
    for file in (layout.measured(profile, codec), layout.provenance(profile, codec)):
        file.parent.mkdir(parents=True, exist_ok=True)
    layout.measured(profile, codec).write_text(as_csv(rates))
    # When it is measured again they differ: no output of the stage.
    columns = ["image", "codec", "setting", "encode_seconds", "decode_seconds"]
    table = pd.DataFrame(seconds, columns=pd.Index(columns))
    table[[*MADE]] = made_here()
    table.to_csv(layout.provenance(profile, codec), index=False, float_format="%.4f", lineterminator="\n")
    print(f"{profile}, {codec}: {len(rates)} files")


if __name__ == "__main__":
    run(main)
