"""How fast every method of every profile is fitted on this machine: `python -m refield.machine.bench`, in a clone."""

from collections.abc import Iterator

import typer
from rich.console import Console
from rich.table import Table

from refield import config
from refield.config import Params
from refield.errors import UserError
from refield.fields import of_size
from refield.fitting import devices
from refield.machine import doctor, kernels
from refield.machine.duration import duration
from refield.machine.estimate import floor_per_step, image_size, product_rate, seconds_per_step


def main() -> None:
    """Time a step of every method in every profile; its floor is the time that the matrix products alone take.

    Both with the machine to themselves; the last lines say how busy it is, and what whole profiles take.
    """
    params, device = config.read(), devices.choose("auto")
    machine, console = devices.describe(device), Console(highlight=False)
    title = f"{machine['device']}, torch {machine['torch']}" + (f", {kernels.in_words()}" if machine["blas"] else "")
    table = Table(title=title, title_justify="left")
    for heading in ("profile", "method", "precision"):
        table.add_column(heading)
    for heading in ("step, ms", "floor, ms", "step / floor", "TFLOP/s", "a fit"):
        table.add_column(heading, justify="right")
    for profile, settings in params.profiles.items():
        for method, step, floor, rate in measure(params, profile, device):
            cells = (f"{1000 * step:.1f}", f"{1000 * floor:.1f}", f"{step / floor:.2f}", f"{rate / 1e12:.3g}")
            fit = duration(step * settings.train.iterations)
            table.add_row(profile, method, params.train(profile, method).precision, *cells, fit)
        table.add_section()
    console.print(table)
    for topic, finding in doctor.times(params):
        console.print(f"{topic}: {finding}", soft_wrap=True)


def measure(params: Params, profile: str, device: str) -> Iterator[tuple[str, float, float, float]]:
    """Each method with the seconds of one step on one image, their floor, and FLOP/s of its products."""
    settings = params.profiles[profile]
    height, width = image_size(settings.images)
    rates = dict[int, float]()
    for method in params.methods_of(profile):
        field, train = of_size(params.field(profile, method), (height, width)), params.train(profile, method)
        widest = field.cost(2, 3).floats
        if widest not in rates:
            rates[widest] = product_rate(widest, device, train.precision)
        step = seconds_per_step(field, params.task(profile, method), train, height, width, device)
        rate = field.cost(2, 3).flop * height * width / step
        yield method, step, floor_per_step(field, height, width, rates[widest]), rate


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
