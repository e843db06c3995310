"""Map every image's regions, with a table of them and a preview of each map; volumes and views have no maps."""

import csv
import shutil

from refield import config
from refield.errors import UserError
from refield.originals import Images
from refield.pipeline.command import run
from refield.pipeline.layout import Layout
from refield.pipeline.names import FromStage, require
from refield.pipeline.units import files
from refield.segmentation import labels
from refield.segmentation.preview import preview
from refield.segmentation.segmentation import regions_table, segment
from refield.signals import png


def main(profile: FromStage, map: FromStage, paper: str | None = None) -> None:
    layout = Layout(paper)
    params = config.read(profile, path=layout.params)
    require(map, params.maps, f"map of {layout.params}")
    segmenter, regions, out = params.segmenter(map), params.regions(map), layout.maps(profile, map)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if params.profiles[profile].originals.kind != Images.kind:
        print(f"{profile}: no maps, which are of images")
        return
    rows = []
    for path in files(layout, params, profile):
        image = png.read(path)
        try:
            segmentation = segment(image, segmenter, regions)
        except UserError as error:
            raise UserError(f"{path.stem}: {error}") from None
        png.write(out / "previews" / path.name, preview(image, segmentation))
        (out / path.name).write_bytes(labels.encode(segmentation.labels))
        rows += [{"image": path.stem, **row} for row in regions_table(segmentation)]
    with (out / "regions.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    print(f"{profile}: {len(rows) // regions} maps of {regions} regions, {map}")


if __name__ == "__main__":
    run(main)
