"""Code each of a method's fits in every way that `coding` has, keep the files, and measure them."""

import shutil

import pandas as pd

from refield import config
from refield.coding.rates import rates
from refield.errors import UserError
from refield.pipeline.coding_layout import CodingLayout
from refield.pipeline.command import run
from refield.pipeline.names import FromStage
from refield.pipeline.units import files
from refield.scores.rates import as_csv
from refield.scores.timed import MADE, SECONDS, made_here
from refield.signals.image import as_image
from refield.units.scoring import check, read_files, read_signal


def main(profile: FromStage, method: FromStage, paper: str | None = None) -> None:
    from refield.fitting import devices  # torch, which takes a second

    layout = CodingLayout(paper)
    params = config.read(profile, method, layout.params)
    coding, settings = params.coded(profile), params.profiles[profile]
    if coding is None:
        raise UserError(f"{layout.params}: coding is missing; it says in which ways fits are coded")
    device, found, out = devices.choose(settings.device), [], layout.coded(profile, method)
    shutil.rmtree(out, ignore_errors=True)
    for path in files(layout, params, profile):
        image, folder = as_image(read_signal(path, settings.signal)), layout.fits(profile, method) / path.stem
        fit = check(image, read_files(image, folder), f"{folder}/")
        for timed in rates(path.stem, fit, image, coding, device):
            _, codec, setting, _, bpp, psnr, _ = timed.rate
            file = out / codec / setting / f"{path.stem}.rfd"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(timed.data)
            print(f"{path.stem}: {codec}, {setting}: {bpp:.3f} bpp, {psnr:.2f} dB", flush=True)
            found.append(timed)
    if not found:
        raise UserError(f"{layout.fits(profile, method)} has no fit that can be coded")
    found.sort(key=lambda timed: timed.rate[:3])
    for file in (layout.rates(profile, method), layout.coding_seconds(profile, method)):
        file.parent.mkdir(parents=True, exist_ok=True)
    layout.rates(profile, method).write_text(as_csv(timed.rate for timed in found))
    rows = [(*timed.rate[:3], timed.encode_seconds, timed.decode_seconds) for timed in found]
    seconds = pd.DataFrame(rows, columns=pd.Index(["image", "codec", "setting", *SECONDS]))
    seconds[[*MADE]] = made_here()[0], devices.describe(device)["device"]
    seconds.to_csv(layout.coding_seconds(profile, method), index=False, float_format="%.4f", lineterminator="\n")


if __name__ == "__main__":
    run(main)
