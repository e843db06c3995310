"""Make units: fit, encode, and keep each as soon as it is done."""

import contextlib
import datetime
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from refield.errors import UserError, is_of_memory
from refield.fields.field import Weights
from refield.fitting import devices, fit, ways
from refield.fitting.fit import Diverged, Progress
from refield.fitting.job import Job
from refield.tasks.samples import Drawn
from refield.units.bar import Bar
from refield.units.checkpoints import UnitCheckpoints
from refield.units.encode import encode
from refield.units.failures import DIVERGED, Failed, FitsFailed
from refield.units.fingerprint import fingerprint
from refield.units.forked import make_forked, processes
from refield.units.names import WEIGHTS
from refield.units.store import Made, Store
from refield.units.unit import Start, Unit
from refield.units.weights import parse

# Activations of one layer that a GPU works on at once: a 768x512 image at width 256 fills it, of smaller ones several.
AT_ONCE, MOST_AT_ONCE = 2**27, 16
NO_ROOM = {
    "cuda": "the GPU's memory does not hold it; REFIELD_DEVICE=cpu fits it on the CPU",
    "cpu": "this machine's memory does not hold it; lower the field's width, or the size of images",
}
Reached = Callable[[Unit, int, float], None]  # a unit, its iteration and its loss
# Parts of a layer that a fit takes over from another.
KEPT = {"layers": ("weight", "bias", "activation"), "activations": ("activation",)}


def make_all(units: Sequence[Unit], store: Store, device: str, title: str, *, progress: bool = True) -> dict[str, Made]:
    """Fit the units in this process, and keep each as soon as it is done; the units by key.

    `FitsFailed` in the end for those that fail, which do not stop the rest. `progress`: whether a bar shows how far it
    is, on standard error.
    """
    store.require_writable()
    made: dict[str, Made] = {}
    failed: dict[str, str] = {}
    with Bar(title, units, visible=progress) as bar:
        for unit, result in make_each(units, store, device, bar.reached, bar.say):
            bar.end(unit)
            if isinstance(result, Failed):
                failed[unit.key()] = result.reason
            else:
                made[unit.key()] = result
                store.put(unit.key(), result)
    if failed:
        raise FitsFailed(title, units, failed, made)
    return made


def make_each(
    units: Sequence[Unit],
    store: Store,
    device: str,
    progress: Reached = lambda *_: None,
    say: Callable[[str], None] = print,
) -> Iterator[tuple[Unit, Made | Failed]]:
    """Fit the units, as many at once as the device takes, and each as soon as it is done.

    Unfinished fits leave checkpoints in the store, and go on from those that they find there.
    Where a GPU's memory does not hold as many as were tried, half as many are from then on.
    """
    waiting, most = list(units), MOST_AT_ONCE
    if units and (number := processes(units, device)) > 1:
        ended = set()
        for unit, result in _beside(units, store, number, progress):
            ended.add(unit.key())
            yield unit, result
        waiting = [unit for unit in units if unit.key() not in ended]
    while waiting:
        group = waiting[: first_group(waiting, device, most)]
        results: list[Made | Failed] = []
        with _memory_may_not_suffice():
            results = make(group, store, device, lambda place, *seen, of=group: progress(of[place], *seen))
        if not results:  # out of the `with`, where the error no longer holds what did not fit
            torch.cuda.empty_cache()
            if len(group) > 1:
                most = len(group) // 2
                say(f"the GPU's memory does not hold {len(group)} fits at once; now {most}")
                continue
            results = [Failed(NO_ROOM[device])]
        waiting = waiting[len(group) :]
        yield from zip(group, results, strict=True)


def _beside(
    units: Sequence[Unit], store: Store, number: int, progress: Reached
) -> Iterator[tuple[Unit, Made | Failed]]:
    """Units made by as many processes; not those of one that was killed, or for which memory did not suffice."""

    def one(unit: Unit, seen: Callable[[int, float], None]) -> Made | Failed | None:
        with _memory_may_not_suffice():
            return make([unit], store, "cpu", lambda _, *state: seen(*state))[0]
        return None

    for place, result in make_forked(units, number, one, lambda place, *seen: progress(units[place], *seen)):
        if isinstance(result, Made | Failed):
            yield units[place], result


@contextlib.contextmanager
def _memory_may_not_suffice() -> Iterator[None]:
    """Go on where it does not."""
    try:
        yield
    except Exception as error:
        if not is_of_memory(error):
            raise


def first_group(units: Sequence[Unit], device: str, most: int = MOST_AT_ONCE) -> int:
    """How many of the first units are fitted at once: on a CPU one, on a GPU as many as it takes to fill it."""
    if device == "cpu":
        return 1
    total = 0
    for count, unit in enumerate(units[:most]):
        total += unit.samples * unit.field.cost(len(unit.signal.shape), unit.signal.channels).floats
        if count and total > AT_ONCE:
            return count
    return min(most, len(units))


def make(units: Sequence[Unit], store: Store, device: str, progress: Progress) -> list[Made | Failed]:
    """Fit units at once; of each its files, and where, when and for how long it was fitted: its share of the time."""
    machine = devices.describe(device)
    results: list[Made | Failed | Job] = [_job(unit, store) for unit in units]
    jobs = {number: result for number, result in enumerate(results) if isinstance(result, Job)}
    numbers = list(jobs)
    kept = [_checkpoints(store, units[number], device, machine, len(jobs)) for number in jobs]
    fits = fit.fit_together(list(jobs.values()), device, lambda number, *seen: progress(numbers[number], *seen), kept)
    for (number, job), result, checkpoints in zip(jobs.items(), fits, kept, strict=True):
        unit = units[number]
        if isinstance(result, Diverged):
            checkpoints.discard()
            results[number] = Failed(f"{DIVERGED}{result}")
            continue
        files = encode(job, result, unit.task, unit.signal, unit.labels)
        results[number] = Made(files, _provenance(unit, machine, checkpoints.seconds, len(jobs)))
    return [result for result in results if not isinstance(result, Job)]


def _job(unit: Unit, store: Store) -> Job | Failed:
    """What is to be fitted; nothing, where the task cannot use the signal, or what it starts from is gone."""
    labels = None if unit.labels is None else unit.labels.reshape(-1)
    try:
        start = None if unit.start is None else _learned(unit.start, store)
        problem = unit.task.problem(unit.signal, labels)
        if isinstance(problem, Drawn) and unit.train.batch is None:
            raise UserError(f"has {len(problem.samples):,} samples, of which batches are fitted; set train.batch")
        return Job(unit.field, problem, unit.train, unit.seed, start)
    except UserError as error:
        return Failed(str(error))


def _learned(start: Start, store: Store) -> Weights:
    """What a fit starts with of another's weights."""
    made = Store(store.root, refit=False).get(start.unit)  # made just now, even where all is fitted again
    if made is None:
        raise UserError(f"the fit that it starts from, {start.unit[:12]}, is not in the store")
    learned = {f"layers.{i}.{part}" for i in range(start.layers) for part in KEPT[start.keep]}
    return {name: array for name, array in parse(made.files[WEIGHTS]).weights.items() if name in learned}


def _checkpoints(store: Store, unit: Unit, device: str, machine: dict[str, Any], together: int) -> UnitCheckpoints:
    """Those of a unit, for the code that takes its steps here, and that keeps and resumes their state."""
    way = ways.choose(unit.field, unit.task.least_squares, unit.train, device)
    code = fingerprint("refield.fitting.fit", way.module, scores=True)
    return UnitCheckpoints(store, unit.key(), machine | {"code": code}, together)


def _provenance(unit: Unit, machine: Mapping[str, Any], seconds: float, together: int) -> dict[str, object]:
    return {
        "seconds": round(seconds, 2),
        "together": together,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        **machine,
        "precision": unit.train.precision,
        "seed": unit.seed,
        "code": unit.code[:12],
        **({"node": os.environ["SLURMD_NODENAME"]} if "SLURMD_NODENAME" in os.environ else {}),
    }
