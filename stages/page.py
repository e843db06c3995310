"""A profile's results as one HTML page to look at, which opens from disk."""

import json
from collections.abc import Iterator, Mapping

import pandas as pd

from refield import config, figures, images, labels, papers, results
from refield.config import Params
from refield.page import BUDGET, Picture, choose_images, encode, page
from refield.plotting import looks
from refield.statement import scale, statement
from stages import layout
from stages.command import run

LARGEST = 50_000  # pixels of a picture that is shown whole; of a larger one a window, as in Figures 2 to 4


def main(profile: str) -> None:
    params, paper = config.read(profile), papers.read()["oh_bae_2024"]
    scores = results.collect(layout.SCORES, params, results.SCORES).of(profile)
    provenance = results.collect(layout.PROVENANCE, params, results.PROVENANCE).of(profile)
    curves = results.collect(layout.CURVES, params, results.CURVES).of(profile)
    psnr = results.by_image(scores)
    pictures = {picture.name: encode(picture) for picture in read_pictures(profile, params, psnr)}
    share = max(len(json.dumps(picture)) for picture in pictures.values())
    chosen = choose_images(psnr[["ours"]] if "ours" in psnr else psnr, max(1, BUDGET // share))
    lines = [
        line[2:] for line in statement(profile, scores, provenance, params, paper).splitlines() if line[:2] == "* "
    ]
    if len(chosen) < len(pictures):
        lines.append(f"Pictures: {len(chosen)} of the {len(pictures)} images, from the hardest to the easiest.")
    look = looks(paper.methods, params.method_names)
    lead = f"{scale(profile, scores, params)}. Beside {paper.citation}."
    shown = [pictures[name] for name in chosen]
    file = layout.page(profile)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        page(profile, scores, provenance, curves, shown, look, paper, lead, lines), encoding="utf-8", newline="\n"
    )


def read_pictures(profile: str, params: Params, psnr: pd.DataFrame) -> Iterator[Picture]:
    """Every image with its reconstructions and maps, or a window of them."""
    words = {name: regions(profile, name) for name in params.maps}
    for name in map(str, psnr.index):
        original = images.read(layout.images(profile) / f"{name}.png")
        scored = [str(method) for method in psnr if pd.notna(psnr[method][name])]
        estimates = {m: images.read(layout.fits(profile, m) / name / "reconstruction.png") for m in scored}
        maps = {
            map_name: (labels.read(layout.segments(profile, map_name) / f"{name}.png"), told[name])
            for map_name, told in words.items()
        }
        window = None
        if original.shape[0] * original.shape[1] > LARGEST:
            window = figures.choose_crop(original, list(estimates.values()))
            original = window.of(original)
            estimates = {method: window.of(pixels) for method, pixels in estimates.items()}
            maps = {map_name: (window.of(region), told) for map_name, (region, told) in maps.items()}
        yield Picture(name, original, estimates, maps, window)


def regions(profile: str, name: str) -> Mapping[str, list[str]]:
    """What there is to say of each region of a map, by image."""
    table = pd.read_csv(layout.segments(profile, name) / "regions.csv", dtype={"image": str})
    table["text"] = [
        (f"luminance {row['from']:g} to {row['to']:g}, " if pd.notna(row["from"]) else f"region {row['region']}, ")
        + f"{100 * row['fraction']:.0f} %"
        for row in table.to_dict("records")
    ]
    return {str(image): rows["text"].tolist() for image, rows in table.groupby("image")}


if __name__ == "__main__":
    run(main)
