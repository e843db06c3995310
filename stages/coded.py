"""Code each of a method's fits in every way that `coding` has, and measure the files."""

from pathlib import Path
from typing import Any

import pandas as pd

from refield import config
from refield.coding.rates import rates
from refield.errors import UserError
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage
from refield.pipeline.units import files
from refield.signals.image import as_image
from refield.units.scoring import check, read_files, read_signal

SECONDS = ["encode_seconds", "decode_seconds"]


def main(profile: FromStage, method: FromStage, paper: str | None = None) -> None:
    from refield.fitting import devices  # torch, which takes a second

    layout = Layout(paper)
    params = config.read(profile, method, layout.params)
    coding, settings = params.coded(profile), params.profiles[profile]
    if coding is None:
        raise UserError(f"{layout.params}: coding is missing; it says in which ways fits are coded")
    device, rows = devices.choose(settings.device), list[dict[str, Any]]()
    for path in files(layout, params, profile):
        image, folder = as_image(read_signal(path, settings.signal)), layout.fits(profile, method) / path.stem
        fit = check(image, read_files(image, folder), f"{folder}/")
        for rate in rates(fit, image, coding, device):
            print(f"{path.stem}: {rate.codec}, {rate.setting}: {rate.bpp:.3f} bpp, {rate.psnr:.2f} dB", flush=True)
            rows.append({"image": path.stem, **vars(rate), "ms_ssim": None})
    if not rows:
        raise UserError(f"{layout.fits(profile, method)} has no fit that can be coded")
    table = pd.DataFrame(rows).sort_values(["image", "codec", "setting"])
    of = ["image", "codec", "setting"]
    _write(layout.rates(profile, method), table[[*of, "bytes", "bpp", "psnr", "ms_ssim"]])
    _write(layout.coding_seconds(profile, method), table[[*of, *SECONDS]].round(2))


def _write(file: Path, table: pd.DataFrame) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(file, index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    run(main)
