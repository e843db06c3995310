"""`refield`: look at results, check a clone, fit a photograph. Run in a clone's root, where params.yaml lies.

Each command imports what it needs when it runs, so that `--help` is there at once.
"""

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Implicit neural representations of images, fitted and compared. The pipeline itself runs with `dvc repro`.",
)

Profile = Annotated[str, typer.Option(help="Whose settings: a profile of params.yaml.")]


@app.command()
def plan(
    set_: Annotated[
        list[str], typer.Option("-S", "--set-param", help="KEY=VALUE, as `dvc exp run` takes it; may be repeated.")
    ] = [],  # noqa: B006 (typer copies it)
) -> None:
    """What `dvc repro`, or `dvc exp run -S`, would do and why, without doing it."""
    from ruamel.yaml import YAML

    from refield.errors import UserError

    changes = {}
    for choice in set_:
        key, equals, value = choice.partition("=")
        if not equals:
            raise UserError(f"-S {choice} is not allowed; it must be KEY=VALUE")
        changes[key] = YAML(typ="safe").load(value)
    _stage("plan").main(changes)


@app.command()
def verify(
    decode: Annotated[bool, typer.Option("--decode", help="Render all fits in data/ from their weights, too.")] = False,
    refit: Annotated[int, typer.Option(min=0, help="Fit so many of them anew, drawn by chance, and compare.")] = 0,
) -> None:
    """Check a clone: are params.yaml, dvc.lock, tables, README and cache of one piece?"""
    _stage("verify").main(decode, refit)


@app.command()
def report(
    profile: Annotated[str | None, typer.Argument(help="A profile with results; all of them without.")] = None,
) -> None:
    """Where the page of results is: tables, pictures side by side, errors, maps, curves."""
    from refield.errors import UserError

    layout = _stage("layout")
    file = layout.page(profile) if profile else layout.INDEX
    if not file.exists():
        command = f"dvc exp run -S 'runs=[{profile}]'" if profile else "dvc repro"
        raise UserError(f"{file} is not there; `{command}` makes it")
    print(file.resolve().as_uri())


@app.command()
def doctor() -> None:
    """What this machine has of all that a run needs, and how long each profile would take."""
    from rich.console import Console

    from refield import config, doctor

    params, console = config.read(), Console(soft_wrap=True, highlight=False)
    for findings in (doctor.machine(), doctor.times(params)):
        for topic, finding in findings:
            console.print(f"[bold]{topic:>12}[/]  {finding}")


@app.command()
def bench() -> None:
    """How fast each method is fitted here, and how near that is to the matrix products alone."""
    from refield import bench

    bench.main()


@app.command()
def fit(
    image: Annotated[Path, typer.Argument(help="A photograph: JPEG, PNG, TIFF, WebP ...")],
    method: Annotated[str, typer.Option(help="A method of params.yaml.")] = "ours",
    profile: Profile = "quick",
    out: Annotated[Path | None, typer.Option(help="Folder for the results; IMAGE-METHOD without.")] = None,
) -> None:
    """Fit one photograph now; write reconstruction, error, weights and curve, and print the scores."""
    from refield import config, devices, own

    params = config.read(profile, method)
    unit = own.wanted(image, params, profile, method)
    folder = out or Path(f"{image.stem}-{method}")
    scored = own.fit_photograph(
        unit, folder, devices.choose(params.profiles[profile].device), params.scores.iou_regions
    )
    print(
        f"{folder}: {scored.width} x {scored.height} pixels, PSNR {scored.psnr_8bit:.2f} dB, SSIM {scored.ssim:.4f}, ",
        end="",
    )
    print(f"IoU {scored.iou:.4f}, {scored.parameters:,} parameters, {scored.bpp:.2f} bits per pixel")


@app.command()
def render(
    unit: Annotated[Path, typer.Argument(help="A fit's folder, such as data/quick/fits/ours/coffee.")],
    scale: Annotated[float, typer.Option(help="Times the pixels of each side.")] = 4.0,
    map: Annotated[
        Path | None,
        typer.Option(help="Labels (PNG, values 0 to K-1) of the new size, for a field with a segment gate."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A PNG; UNIT's name and size without.")] = None,
) -> None:
    """Sample a fitted field at another resolution.

    A segment gate needs its map there too. Without --map the fitted one is enlarged, each new pixel taking the nearest
    label: the regions' edges keep the old pixels' steps. A better map is cut from a larger photograph, by the same
    thresholds (regions.csv).
    """
    from refield import codec, images, labels, rendering
    from refield.errors import UserError

    if scale <= 0:
        raise UserError(f"--scale = {scale:g} is not allowed; it must be more than 0")
    field, weights = codec.read_weights(unit / codec.WEIGHTS)
    height, width = (max(1, round(scale * side)) for side in images.read(unit / codec.RECONSTRUCTION).shape[:2])
    regions = None
    if field.needs_labels:
        regions = labels.read(map) if map else rendering.enlarge(labels.read(unit / codec.LABELS), height, width)
        if not map:
            print("the map is the fitted one, enlarged; --map takes a finer one", file=sys.stderr)
    picture = rendering.render(field, weights, height, width, regions)
    file = out or Path(f"{unit.name}-{width}x{height}.png")
    images.write(file, picture)
    print(file)


def _stage(name: str) -> Any:
    """A module of the clone's stages/."""
    from refield.errors import UserError

    if not Path("stages").is_dir():
        raise UserError("there is no folder stages here; run refield in the root of a clone")
    sys.path.insert(0, "")
    return importlib.import_module(f"stages.{name}")


def main() -> None:
    """The command line; a `UserError` becomes one line and exit status 1."""
    from refield.errors import UserError

    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
