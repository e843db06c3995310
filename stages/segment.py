"""Map every image's luminance regions, with a table of them and a preview of each map."""

import csv
import shutil

from refield import config, images, labels
from refield.errors import UserError
from refield.segmentation import SEGMENTERS, maps
from stages import layout
from stages.command import run


def main(profile: str, name: str) -> None:
    params = config.read(profile)
    segmenter, regions = params.maps[name].segmenter, params.regions(name)
    out = layout.segments(profile, name)
    shutil.rmtree(out, ignore_errors=True)
    rows = []
    for path in sorted(layout.images(profile).glob("*.png")):
        image = images.read(path)
        try:
            segmentation = maps.segment(image, SEGMENTERS[segmenter], regions)
        except UserError as error:
            raise UserError(f"{path.stem}: {error}") from None
        images.write(out / "previews" / path.name, maps.preview(image, segmentation))
        (out / path.name).write_bytes(labels.encode(segmentation.labels))
        rows += [{"image": path.stem, **row} for row in maps.regions_table(segmentation)]
    with (out / "regions.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{profile}: {len(rows) // regions} maps of {regions} regions, {name}")


if __name__ == "__main__":
    run(main)
