"""How far the fits of several units are, as a bar on standard error."""

from collections.abc import Sequence
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from refield.tasks.problem import mse_to_psnr
from refield.units.unit import Unit


class Bar:
    """Counts iterations, as some units take more of them than others."""

    def __init__(self, title: str, units: Sequence[Unit], *, visible: bool) -> None:
        self.bar = Progress(
            TextColumn("{task.description}  {task.fields[unit]}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("iteration {task.fields[iteration]}  {task.fields[loss]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not visible,
        )
        total = sum(unit.train.iterations for unit in units)
        self.task = self.bar.add_task(title, total=total, unit="", iteration=0, loss="")
        self.title, self.units, self.ended = title, len(units), 0
        self.iterations: dict[str, int] = {}

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.refresh()  # a notebook draws no last state by itself
        self.bar.stop()

    def reached(self, unit: Unit, iteration: int, loss: float) -> None:
        """A unit is at an iteration, and there has a loss."""
        self.iterations[unit.key()] = iteration
        said = f"{mse_to_psnr(loss):.2f} dB" if unit.task.least_squares else f"loss {loss:.3g}"
        name, completed = f"{unit.name} {min(self.ended + 1, self.units)}/{self.units}", sum(self.iterations.values())
        self.bar.update(self.task, unit=name, completed=completed, iteration=iteration, loss=said)

    def end(self, unit: Unit) -> None:
        """A unit takes no more steps."""
        self.ended += 1
        self.iterations[unit.key()] = unit.train.iterations

    def say(self, text: str) -> None:
        self.bar.console.print(f"{self.title}: {text}")
