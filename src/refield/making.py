"""Make units: fit, encode, and keep each as soon as it is done."""

import datetime
import time
from collections.abc import Iterator, Sequence

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


def make_all(units: Sequence[Unit], store: Store, device: str, title: str) -> dict[str, Made]:
    """Fit the units; `UserError` in the end for those that fail, which do not stop the rest."""
    made: dict[str, Made] = {}
    failures: list[str] = []
    with _progress_bar() as bar:
        task = bar.add_task(title, total=sum(unit.train.iterations for unit in units), unit="", iteration=0, psnr=0.0)
        before = 0
        for group in groups(units, device):
            names = group[0].image_name + (f" to {group[-1].image_name}" if len(group) > 1 else "")
            bar.update(task, unit=f"{names} {len(made) + len(failures) + len(group)}/{len(units)}")
            reached = [0] * len(group)

            def show(number: int, iteration: int, psnr: float, before: int = before, r: list[int] = reached) -> None:
                r[number] = iteration
                bar.update(task, completed=before + sum(r), iteration=iteration, psnr=psnr)

            for unit, result in zip(group, make(group, device, show), strict=True):
                if isinstance(result, Diverged):
                    failures.append(f"{unit.image_name}: {result}")
                else:
                    made[unit.image_name] = result
                    store.put(unit.key(), result)
            before += sum(unit.train.iterations for unit in group)
    if failures:
        raise UserError(f"{title}: {len(failures)} of {len(units)} fits failed; {'; '.join(failures)}")
    return made


def groups(units: Sequence[Unit], device: str) -> Iterator[list[Unit]]:
    """The units that are fitted at once, in order: on a CPU one, on a GPU as many as it takes to fill it."""
    group: list[Unit] = []
    total = 0
    for unit in units:
        size = unit.image.shape[0] * unit.image.shape[1] * max([1, *unit.field.widths])
        if group and (device == "cpu" or total + size > AT_ONCE or len(group) == MOST_AT_ONCE):
            yield group
            group, total = [], 0
        group.append(unit)
        total += size
    if group:
        yield group


def make(units: Sequence[Unit], device: str, progress: fitting.Progress) -> list[Made | Diverged]:
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
