"""The paper's Figures 2 to 4 for one profile, as PDF and PNG, with their captions."""

import shutil

from refield import config, figures, images, labels, papers, results
from refield.gate_figure import gate_figure
from refield.plotting import save
from stages import layout
from stages.command import run


def main(profile: str) -> None:
    params, paper = config.read(profile), papers.read()["oh_bae_2024"]
    psnr = results.by_image(results.collect(layout.SCORES, params, ["image", "psnr_8bit"]).of(profile))
    out = layout.figures(profile)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    captions = []
    for table in paper.tables:
        if not set(table.compare) <= set(psnr):
            continue
        image = figures.choose_image(psnr, *table.compare)
        original = images.read(layout.images(profile) / f"{image}.png")
        methods = []
        for row in table.rows:
            if row.method in psnr:
                pixels = images.read(layout.fits(profile, row.method) / image / "reconstruction.png")
                methods.append(figures.Shown(row.label, pixels, psnr[row.method][image]))
        crop = figures.choose_crop(original, [method.pixels for method in methods])
        figure, name = figures.comparison(original, methods, crop), f"figure{table.figure}"
        save(figure, out / f"{name}.pdf")
        save(figure, out / f"{name}.png")
        names, pair = [method.label for method in methods], [paper.label(method) for method in table.compare]
        text = figures.caption(table.figure, table.number, image, names, crop, pair)
        captions.append(f"![]({name}.png)\n\n{text}\n")
    if gated := [method for method in ("ftc", "qt", "ours") if method in psnr]:
        image = str(psnr.index[0])
        shown = []
        for method in gated:
            file = layout.fits(profile, method) / image / "labels.png"
            regions = labels.read(file) if file.exists() else None
            shown.append((paper.label(method), params.field(profile, method), regions))
        figure = gate_figure(images.read(layout.images(profile) / f"{image}.png"), shown)
        save(figure, out / "gates.pdf")
        save(figure, out / "gates.png")
        text = f"The gates on image {image}: a colour for each expert of a layer, over the image's luminance."
        captions.append(f"![](gates.png)\n\n{text}\n")
    (out / "captions.md").write_text("\n".join(captions))


if __name__ == "__main__":
    run(main)
