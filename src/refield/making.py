"""Make units: fit, encode, and keep each as soon as it is done."""

import contextlib
import datetime
import time
from collections.abc import Sequence

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from refield import codec, devices, fitting
from refield.errors import UserError
from refield.fitting import Diverged, Job
from refield.samples import sample_image, values_to_image
from refield.store import Made, Store
from refield.units import Unit

# Activations of one layer that a GPU works on at once: a 768x512 image at width 256 fills it, of smaller ones several.
AT_ONCE, MOST_AT_ONCE = 2**27, 16


class OutOfMemory(RuntimeError):
    """A fit that does not fit."""


def make_all(units: Sequence[Unit], store: Store, device: str, title: str) -> dict[str, Made]:
    """Fit the units; `UserError` in the end for those that fail, which do not stop the rest.

    Where a GPU's memory does not hold as many at once as were tried, half as many are from then on.
    """
    store.require_writable()
    made: dict[str, Made] = {}
    failures: list[str] = []
    waiting, most, before = list(units), MOST_AT_ONCE, 0
    with _progress_bar() as bar:
        task = bar.add_task(title, total=sum(unit.train.iterations for unit in units), unit="", iteration=0, psnr=0.0)
        while waiting:
            group = waiting[: first_group(waiting, device, most)]
            names = group[0].image_name + (f" to {group[-1].image_name}" if len(group) > 1 else "")
            bar.update(task, unit=f"{names} {len(made) + len(failures) + len(group)}/{len(units)}")
            reached = [0] * len(group)

            def show(number: int, iteration: int, psnr: float, before: int = before, r: list[int] = reached) -> None:
                r[number] = iteration
                bar.update(task, completed=before + sum(r), iteration=iteration, psnr=psnr)

            results: list[Made | Diverged | OutOfMemory] = []
            with contextlib.suppress(torch.OutOfMemoryError):
                results = make(group, device, show)
            if not results:  # out of the `with`, where the error no longer holds what did not fit
                torch.cuda.empty_cache()
                if len(group) > 1:
                    most = len(group) // 2
                    bar.console.print(f"{title}: the GPU's memory does not hold {len(group)} fits at once; now {most}")
                    continue
                results = [OutOfMemory("the GPU's memory does not hold it; REFIELD_DEVICE=cpu fits it on the CPU")]
            waiting = waiting[len(group) :]
            for unit, result in zip(group, results, strict=True):
                if isinstance(result, Diverged | OutOfMemory):
                    failures.append(f"{unit.image_name}: {result}")
                else:
                    made[unit.image_name] = result
                    store.put(unit.key(), result)
            before += sum(unit.train.iterations for unit in group)
    if failures:
        raise UserError(f"{title}: {len(failures)} of {len(units)} fits failed; {'; '.join(failures)}")
    return made


def first_group(units: Sequence[Unit], device: str, most: int = MOST_AT_ONCE) -> int:
    """How many of the first units are fitted at once: on a CPU one, on a GPU as many as it takes to fill it."""
    if device == "cpu":
        return 1
    total = 0
    for count, unit in enumerate(units[:most]):
        total += unit.image.shape[0] * unit.image.shape[1] * max([1, *unit.field.widths])
        if count and total > AT_ONCE:
            return count
    return min(most, len(units))


def make(units: Sequence[Unit], device: str, progress: fitting.Progress) -> list[Made | Diverged | OutOfMemory]:
    """Fit units at once; of each its files, and where, when and for how long it was fitted: its share of the time."""
    start = time.perf_counter()
    jobs = [Job(unit.field, sample_image(unit.image, unit.labels), unit.train, unit.seed) for unit in units]
    fits = fitting.fit_together(jobs, device, progress)
    seconds = (time.perf_counter() - start) / len(units)
    return [
        fit if isinstance(fit, Diverged) else Made(_files(unit, fit), _provenance(unit, device, seconds, len(units)))
        for unit, fit in zip(units, fits, strict=True)
    ]


def _files(unit: Unit, fit: fitting.Fit) -> dict[str, bytes]:
    reconstruction = values_to_image(fit.values, unit.image.shape)
    return codec.encode(unit.field, fit.weights, reconstruction, fit.curve, unit.labels)


def _provenance(unit: Unit, device: str, seconds: float, together: int) -> dict[str, object]:
    return {
        "seconds": round(seconds, 2),
        "together": together,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **devices.describe(device),
        "precision": unit.train.precision,
        "seed": unit.seed,
        "code": unit.code[:12],
    }


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}  {task.fields[unit]}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("iteration {task.fields[iteration]}  {task.fields[psnr]:.2f} dB"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
