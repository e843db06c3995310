"""Make units: fit, encode, and keep each as soon as it is done."""

import datetime
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from refield import codec, devices, fitting
from refield.errors import UserError
from refield.samples import sample_image, values_to_image
from refield.store import Made, Store
from refield.units import Unit


def make_all(units: Sequence[Unit], store: Store, device: str, title: str) -> dict[str, Made]:
    """Fit the units one after the other; `UserError` in the end for those that fail, which do not stop the rest."""
    made, failures = {}, []
    with _progress_bar() as bar:
        total = sum(unit.train.iterations for unit in units)
        task = bar.add_task(title, total=total, unit="", iteration=0, psnr=0.0)
        before = 0
        for number, unit in enumerate(units, 1):
            bar.update(task, unit=f"{unit.image_name} {number}/{len(units)}")

            def show(iteration: int, psnr: float, before: int = before) -> None:
                bar.update(task, completed=before + iteration, iteration=iteration, psnr=psnr)

            try:
                made[unit.image_name] = make(unit, device, show)
                store.put(unit.key(), made[unit.image_name])
            except fitting.Diverged as error:
                failures.append(f"{unit.image_name}: {error}")
            before += unit.train.iterations
    if failures:
        raise UserError(f"{title}: {len(failures)} of {len(units)} fits failed; {'; '.join(failures)}")
    return made


def make(unit: Unit, device: str, progress: fitting.Progress) -> Made:
    """Fit one unit; its files, and where, when and for how long it was fitted."""
    start = time.perf_counter()
    samples = sample_image(unit.image, unit.labels)
    fit = fitting.fit(unit.field, samples, unit.train, unit.seed, device=device, progress=progress)
    reconstruction = values_to_image(fit.values, unit.image.shape)
    files = codec.encode(unit.field, fit.weights, reconstruction, fit.curve, unit.labels)
    provenance = {
        "seconds": round(time.perf_counter() - start, 2),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **devices.describe(device),
        "seed": unit.seed,
        "code": unit.code[:12],
    }
    return Made(files, provenance)


def _progress_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}  {task.fields[unit]}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("iteration {task.fields[iteration]}  {task.fields[psnr]:.2f} dB"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
