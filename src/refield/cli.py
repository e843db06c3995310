"""`refield`: fit a photograph anywhere; in a clone's root, where params.yaml lies, look at results and check them.

Each command imports what it needs when it runs, so that `--help` is there at once.
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Implicit neural representations of images, fitted and compared. The pipeline itself runs with `dvc repro`.",
)


def in_clone(command: Callable[..., None]) -> Callable[..., None]:
    """A command that says so where there is no clone."""

    @functools.wraps(command)
    def checked(*arguments: Any, **options: Any) -> None:
        from refield.pipeline import clone

        clone.require_root(command.__name__)
        command(*arguments, **options)

    return checked


Paper = Annotated[
    str | None, typer.Option(help="A folder of papers/ with a pipeline of its own; the main one without.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
Profile = Annotated[str, typer.Option(help="Whose settings: a profile of params.yaml.")]


@app.command()
@in_clone
def plan(
    set_: Annotated[
        list[str], typer.Option("-S", "--set-param", help="KEY=VALUE, as `dvc exp run` takes it; may be repeated.")
    ] = [],  # noqa: B006 (typer copies it)
    paper: Paper = None,
) -> None:
    """What `dvc repro`, or `dvc exp run -S`, would do and why, without doing it."""
    from refield import yaml
    from refield.errors import UserError, shown
    from refield.settings import key_shown

    changes = {}
    for choice in set_:
        key, equals, value = choice.partition("=")
        if not equals:
            raise UserError(f"-S {shown(choice)} is not allowed; it must be KEY=VALUE")
        changes[key] = yaml.parse(value, f"-S {key_shown(key)}: the value")
    from refield.pipeline import plan

    plan.main(changes, paper)


@app.command()
@in_clone
def verify(
    decode: Annotated[bool, typer.Option("--decode", help="Render all fits in data/ from their weights, too.")] = False,
    refit: Annotated[int, typer.Option(min=0, help="Fit so many of them anew, drawn by chance, and compare.")] = 0,
) -> None:
    """Check that a clone is consistent: params.yaml, dvc.lock, tables, README and cache."""
    from refield.pipeline import verify

    verify.main(decode, refit)


@app.command()
@in_clone
def adopt(
    sample: Annotated[
        int, typer.Option(min=1, help="So many fits of each method in each task are made anew, drawn by chance.")
    ] = 1,
    paper: Paper = None,
) -> None:
    """Keep fits whose code is written anew and computes the same: some are made again, and speak for the rest.

    Nothing but code may have changed since the last run. Its fits are in the store (`dvc repro` has put them there);
    those that are not are told by their digests in reports/provenance, and dvc.lock follows once another profile is up
    to date.
    """
    from refield.pipeline import adopt

    adopt.main(sample, paper)


@app.command()
@in_clone
def report(
    profile: Annotated[str | None, typer.Argument(help="A profile with results; all of them without.")] = None,
    paper: Paper = None,
) -> None:
    """Where the page of results is: tables, pictures side by side, errors, maps, curves."""
    from refield import config
    from refield.errors import UserError
    from refield.pipeline.layout import Layout

    layout = Layout(paper)
    if profile:
        config.read(profile, path=layout.params)
    file = layout.page(profile) if profile else layout.index
    if not file.exists():
        command = f"dvc exp run -S 'runs=[{profile}]'" if profile else "dvc repro"
        raise UserError(f"{file} is not there; `{command}` makes it")
    print(file.resolve().as_uri())


@app.command()
def doctor() -> None:
    """What this machine has of all that a run needs, and how long each profile would take."""
    from rich.console import Console
    from rich.markup import escape

    from refield import config
    from refield.machine import doctor

    params, console = config.read(), Console(soft_wrap=True, highlight=False)
    for findings in (doctor.machine(), doctor.times(params)):
        for topic, finding in findings:
            console.print(f"[bold]{topic:>12}[/]  {escape(finding)}")


@app.command()
def bench() -> None:
    """How fast each method is fitted here, and how near that is to the matrix products alone."""
    from refield.machine import bench

    bench.main()


@app.command()
@in_clone
def readme(
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is out of date.")] = False,
) -> None:
    """Rewrite the table of results in README.md from the scores."""
    from refield.pipeline import readme

    readme.main(check)


@app.command()
@in_clone
def compare(
    profile: Annotated[str, typer.Argument(help="A profile whose scores have just been made.")],
    tolerance: Annotated[float, typer.Option(help="How far a score may be off, for every image and method.")] = 0.3,
) -> None:
    """Compare a profile's scores with those that git has: other machines round differently."""
    from refield.pipeline import compare

    compare.main(profile, tolerance)


@app.command()
def fit(
    image: Annotated[Path, typer.Argument(help="A photograph: JPEG, PNG, TIFF, WebP ...")],
    method: Annotated[
        str | None, typer.Option(help="A method of params.yaml; without, the field that suits the photograph's size.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Whose settings: a profile of params.yaml; with a method that of photographs.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; IMAGE-METHOD without.")] = None,
) -> None:
    """Fit one photograph now; write reconstruction, error, weights and curve, and print the scores.

    Without a method the photograph keeps its size, and what is fitted to it suits that; with one it is brought to the
    size of the profile's images.
    """
    from refield import interface
    from refield.interface import folders

    wanted = interface.ask(image, method, profile)
    folder = folders.make(out or f"{image.stem}-{wanted.method}")
    if wanted.why is not None:
        print(f"{wanted.method}: {wanted.why}; {wanted.unit.train.iterations} iterations", flush=True)
    result = wanted.make()
    result.save(folder)
    print(f"{folder}: {result}")


@app.command()
def render(
    unit: Annotated[Path, typer.Argument(help="A fit's folder, such as data/quick/fits/METHOD/IMAGE.")],
    scale: Annotated[float, typer.Option(help="Times the samples of each side.")] = 4.0,
    map: Annotated[
        Path | None,
        typer.Option(help="Labels (PNG, values 0 to K-1) of the new size, for a field that follows a map."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; UNIT's name and size without.")] = None,
) -> None:
    """Sample a fitted field at another resolution.

    A field that follows a map needs it there too. Without --map the fitted one is enlarged, each new pixel taking the
    nearest label: the regions' edges keep the old pixels' steps. A better map is cut from a larger photograph, by the
    same thresholds (regions.csv).
    """
    import math

    from refield.interface import folders
    from refield.originals import MOST_PIXELS
    from refield.segmentation.files import read_labels
    from refield.settings import refused
    from refield.units import decode
    from refield.units.names import LABELS

    if not scale > 0:
        raise refused("--scale", scale, "be more than 0")
    model, fitted = decode.read_fit(unit)
    if math.prod(scale * side for side in fitted.shape) > MOST_PIXELS:
        raise refused("--scale", scale, f"make at most {MOST_PIXELS:,} samples")
    shape = tuple(max(1, round(scale * side)) for side in fitted.shape)
    sides = "x".join(str(side) for side in reversed(shape))
    file = out or Path(f"{unit.resolve().name}-{sides}{model.signal.suffix}")
    if file.is_dir():
        raise refused("--out", str(file), "be a file, no folder")
    folders.make(file.parent)
    labels = None
    if model.regions is not None and map:
        labels = read_labels(map, shape, model.regions)
    elif model.regions is not None:
        labels = decode.enlarge(read_labels(unit / LABELS, fitted.shape, model.regions), shape)
        print("the map is the fitted one, enlarged; --map takes a finer one", file=sys.stderr)
    file.write_bytes(model.sample(shape, labels).encode())
    print(file)


@app.command()
def mesh(
    unit: Annotated[Path, typer.Argument(help="The folder of a volume's fit, such as data/quick/fits/METHOD/SOLID.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A PLY or an OBJ; UNIT.ply without.")] = None,
    force: Force = False,
) -> None:
    """Write the surface of a fitted solid as a mesh of triangles, whose unit is a voxel."""
    from refield.interface import destination
    from refield.settings import refused
    from refield.signals import meshes
    from refield.units import decode
    from refield.units.surface import surface

    file = out or Path(f"{unit.resolve().name}.ply")
    if (format_ := meshes.format_of(file)) is None:
        raise refused("--out", str(file), "end in .ply or .obj")
    model, fitted = decode.read_fit(unit)
    destination.prepare(file, force)
    print(destination.write(file, meshes.encode(surface(model, fitted.shape), format_), force))


@app.command()
def upscale(
    image: Annotated[Path, typer.Argument(help="A photograph: JPEG, PNG, TIFF, WebP ...")],
    by: Annotated[float, typer.Option(help="Times the pixels of each side: a whole number from 2 to 8.")] = 2,
    method: Annotated[str | None, typer.Option(help="A method of params.yaml; its first without.")] = None,
    profile: Annotated[
        str | None, typer.Option(help="Whose network and training; without, what serves an enlargement.")
    ] = None,
    check: Annotated[
        bool, typer.Option(help="Try it on the reduced photograph first, and say whether bicubic is as good.")
    ] = True,
    iterations: Annotated[int | None, typer.Option(help="Steps of the fit; the profile's without.")] = None,
    width: Annotated[int | None, typer.Option(help="Of the network's layers; the profile's without.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of Adam; the profile's without.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the initial weights; that of params.yaml without.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; the profile's without.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A PNG; IMAGE-xBY.png beside the photograph without.")
    ] = None,
    force: Force = False,
) -> None:
    """Enlarge a photograph by a field that is fitted to it, and say whether that was worth it.

    What the large photograph should look like is not known. So the photograph is first reduced by the same factor, and
    enlarged again by a field, by bicubic and by Lanczos: PSNR says how near each comes to the photograph.
    """
    import time

    from refield.errors import UserError
    from refield.interface import destination
    from refield.interface.upscale import ask_to_enlarge, verdict
    from refield.signals import Image

    start = time.perf_counter()
    given = {"iterations": iterations, "width": width, "learning_rate": learning_rate}
    settings = {key: value for key, value in given.items() if value is not None}
    wanted = ask_to_enlarge(image, by, method, profile, check, seed, device, settings)
    file = destination.prepare(out or image.with_name(f"{image.stem}-x{wanted.by}.png"), force, ".png")
    if file.exists() and file.samefile(image):
        raise UserError(f"{file} is the photograph itself, which is not replaced")
    if check:
        print(f"reduced by {wanted.by} and enlarged again: {verdict(wanted.check())}", flush=True)
    fit, picture = wanted.make()
    destination.write(file, Image(picture).encode(), force)
    size, psnr = f"{picture.shape[1]} x {picture.shape[0]} pixels", fit.curve["psnr"].iloc[-1]
    seconds = time.perf_counter() - start
    print(f"{file}: {size}, {seconds:.0f} seconds; at the photograph's own pixels the field has {psnr:.2f} dB")


@app.command()
def compress(
    image: Annotated[Path, typer.Argument(help="A photograph: JPEG, PNG, TIFF, WebP ...")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A file; IMAGE.rfd without.")] = None,
    bpp: Annotated[float | None, typer.Option(help="Bits per pixel of the file, at most.")] = None,
    psnr: Annotated[float | None, typer.Option(help="Its quality in dB, at least.")] = None,
    half: Annotated[
        bool, typer.Option("--half", help="A method's weights in half precision, neither quantised nor coded.")
    ] = False,
    method: Annotated[str | None, typer.Option(help="A method of params.yaml; latents without.")] = None,
    effort: Annotated[
        str | None,
        typer.Option(
            help="Of latents: fast, normal or thorough, which are 500, 2,000 or 10,000 steps. On one thread 768x512 "
            "pixels take some minutes, some times as many, or an hour or two; normal without."
        ),
    ] = None,
    profile: Profile = "photograph",
    iterations: Annotated[int | None, typer.Option(help="Of a fit, in place of the effort's or the profile's.")] = None,
    force: Force = False,
) -> None:
    """Store a photograph as latents, or as a method's field, in a file of a wanted size or quality."""
    from refield import interface
    from refield.interface import destination

    file = destination.prepare(out or Path(f"{image.stem}.rfd"), force)
    settings: dict[str, Any] = {} if iterations is None else {"iterations": iterations}
    result = interface.compress(
        image, bpp=bpp, psnr=psnr, half=half, method=method, effort=effort, profile=profile, **settings
    )
    print(f"{result.save(file, force)}: {result}")


@app.command()
def decompress(
    file: Annotated[Path, typer.Argument(help="A file that `refield compress` wrote.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A PNG; FILE.png without.")] = None,
    force: Force = False,
) -> None:
    """Show what a compressed file holds, as a PNG."""
    from refield.interface import compressed, destination

    coded = compressed.read(file)
    picture = destination.prepare(out or Path(f"{file.stem}{coded.about.signal.suffix}"), force)
    print(destination.write(picture, coded.signal().encode(), force))


@app.command()
def info(file: Annotated[Path, typer.Argument(help="A file that `refield compress` wrote.")]) -> None:
    """Say what a compressed file holds, how large it is, and of latents where its bytes go."""
    from refield.interface import facts

    facts.main(file)


def main() -> None:
    """The command line, which ends as every command does."""
    from refield.pipeline.command import one_sentence

    with one_sentence():
        app()


if __name__ == "__main__":
    main()
