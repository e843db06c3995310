"""`refield`: look at results, check a clone, fit a photograph. Run in a clone's root, where params.yaml lies.

Each command imports what it needs when it runs, so that `--help` is there at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Implicit neural representations of images, fitted and compared. The pipeline itself runs with `dvc repro`.",
)

Paper = Annotated[
    str | None, typer.Option(help="A folder of papers/ with a pipeline of its own; the main one without.")
]
Profile = Annotated[str, typer.Option(help="Whose settings: a profile of params.yaml.")]


@app.command()
def plan(
    set_: Annotated[
        list[str], typer.Option("-S", "--set-param", help="KEY=VALUE, as `dvc exp run` takes it; may be repeated.")
    ] = [],  # noqa: B006 (typer copies it)
    paper: Paper = None,
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
    from refield.pipeline import plan

    plan.main(changes, paper)


@app.command()
def verify(
    decode: Annotated[bool, typer.Option("--decode", help="Render all fits in data/ from their weights, too.")] = False,
    refit: Annotated[int, typer.Option(min=0, help="Fit so many of them anew, drawn by chance, and compare.")] = 0,
) -> None:
    """Check that a clone is consistent: params.yaml, dvc.lock, tables, README and cache."""
    from refield.pipeline import verify

    verify.main(decode, refit)


@app.command()
def report(
    profile: Annotated[str | None, typer.Argument(help="A profile with results; all of them without.")] = None,
    paper: Paper = None,
) -> None:
    """Where the page of results is: tables, pictures side by side, errors, maps, curves."""
    from refield.errors import UserError
    from refield.pipeline.layout import Layout

    layout = Layout(paper)
    file = layout.page(profile) if profile else layout.index
    if not file.exists():
        command = f"dvc exp run -S 'runs=[{profile}]'" if profile else "dvc repro"
        raise UserError(f"{file} is not there; `{command}` makes it")
    print(file.resolve().as_uri())


@app.command()
def doctor() -> None:
    """What this machine has of all that a run needs, and how long each profile would take."""
    from rich.console import Console

    from refield import config
    from refield.machine import doctor

    params, console = config.read(), Console(soft_wrap=True, highlight=False)
    for findings in (doctor.machine(), doctor.times(params)):
        for topic, finding in findings:
            console.print(f"[bold]{topic:>12}[/]  {finding}")


@app.command()
def bench() -> None:
    """How fast each method is fitted here, and how near that is to the matrix products alone."""
    from refield.machine import bench

    bench.main()


@app.command()
def readme(
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is out of date.")] = False,
) -> None:
    """Rewrite the table of results in README.md from the scores."""
    from refield.pipeline import readme

    readme.main(check)


@app.command()
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
    method: Annotated[str | None, typer.Option(help="A method of params.yaml; the paper's own without.")] = None,
    profile: Profile = "quick",
    out: Annotated[Path | None, typer.Option(help="Folder for the results; IMAGE-METHOD without.")] = None,
) -> None:
    """Fit one photograph now; write reconstruction, error, weights and curve, and print the scores."""
    from refield import config, papers
    from refield.fitting import devices
    from refield.pipeline import photograph
    from refield.units.scoring import COSTS

    params = config.read(profile, method)
    gain = papers.read(params.paper).gain
    method = method or (gain.better if gain else next(iter(params.methods)))
    unit = photograph.wanted(image, params, profile, method)
    folder = out or Path(f"{image.stem}-{method}")
    row = photograph.fit_photograph(unit, folder, devices.choose(params.profiles[profile].device))
    size = " x ".join(str(side) for side in reversed(unit.signal.shape))
    said = [f"{each.title} {row[each.name]:,.{each.digits}f}" for each in (*unit.task.measures, *COSTS)]
    print(f"{folder}: {size} pixels, {', '.join(said)}")


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
    from refield.errors import UserError
    from refield.segmentation.files import read_labels
    from refield.units import decode
    from refield.units.names import LABELS, WEIGHTS, reconstruction
    from refield.units.scoring import read_signal

    if not scale > 0:
        raise UserError(f"--scale = {scale:g} is not allowed; it must be more than 0")
    model = decode.read_model(unit / WEIGHTS)
    fitted = read_signal(unit / reconstruction(model.signal), model.signal)
    shape = tuple(max(1, round(scale * side)) for side in fitted.shape)
    labels = None
    if model.field.needs_labels:
        labels = read_labels(map) if map else decode.enlarge(read_labels(unit / LABELS), shape)
        if not map:
            print("the map is the fitted one, enlarged; --map takes a finer one", file=sys.stderr)
    sides = "x".join(str(side) for side in reversed(shape))
    file = out or Path(f"{unit.name}-{sides}{model.signal.suffix}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.sample(shape, labels).encode())
    print(file)


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
