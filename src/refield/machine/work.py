"""Fits that are to be made, which of them take steps of one kind, and how long they take where those are timed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from refield.config import Params, Profile
from refield.errors import UserError
from refield.fields import of_size
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.fitting import devices
from refield.fitting.train import Train
from refield.machine.estimate import UNTIMED, Steps, image_size, points_of_step, time_steps, timed_sizes
from refield.machine.timing import Budget, Span
from refield.signals import Image
from refield.tasks.task import Task
from refield.units.forked import at_once
from refield.units.unit import Unit

# By what share the time of whole fits on an idle machine may be off what is told of a few steps of their kind, and of
# another kind.
OFF, OTHER = 0.15, 0.3
# Of the products' operations, what one of the widest layer's outputs takes beside them: its activation, and memory.
# For MLPs of widths 64 to 512 on a CPU, 940 (AVX-512) to 1130 (AVX2).
BESIDE = 1000
SETTLING = 3.0  # seconds, on a busy machine, until repetitions are no slower than later ones


@dataclass(frozen=True)
class Work:
    """Fits of one field to RGB images of one size."""

    field: Field
    task: Task
    train: Train
    height: int
    width: int
    device: str
    fits: int = 1

    @property
    def points(self) -> int:
        """Of a step."""
        return points_of_step(self.train, self.height, self.width)

    @property
    def effort(self) -> float:
        """Of one point in a step: in FLOP, or what takes as long."""
        cost = self.field.cost(2, 3)
        return float(cost.flop + BESIDE * cost.floats)

    @property
    def total(self) -> float:
        """The effort of all fits."""
        return self.effort * self.points * self.train.iterations * self.fits

    @property
    def way(self) -> str:
        """The same for work that one piece of code does: its time per effort is about the same."""
        own = (type(self.field).__name__, repr(self.task), self.train.engine, bool(self.train.batch))
        return repr((self.device, *own))

    @property
    def kind(self) -> str:
        """The same for work whose steps, of as many points, take the same time per effort."""
        size = timed_sizes(self.field, self.points, self.device)[-1]
        field = self.field
        made_of: tuple[object, ...] = ()
        if isinstance(field, Mlp):
            made_of = field.activations, field.trained is None, field.residual, field.skip
        own = (field.cost(2, 3).floats, field.steady, made_of, self.train.precision, size)
        return repr((self.way, *own, self.beside > 1))

    @property
    def beside(self) -> int:
        """How many of the fits are made side by side, with a thread each; one, if each has all threads."""
        return at_once(self.height * self.width * self.field.cost(2, 3).floats, self.fits, self.device)


def of_profile(params: Params, profile: str, images: int, device: str) -> list[Work]:
    """All fits of a profile with so many images."""
    size, methods = image_size(params.profiles[profile].originals), params.methods_of(profile)
    made_of = [
        (of_size(params.field(profile, m), size), params.task(profile, m), params.train(profile, m)) for m in methods
    ]
    return [Work(*each, *size, device, images) for each in made_of]


def of_unit(unit: Unit, device: str, fits: int = 1) -> Work:
    """So many fits like a unit, of an image; `UserError` if it is of another signal."""
    if not isinstance(unit.signal, Image):
        raise UserError(UNTIMED)
    height, width = unit.signal.shape
    return Work(unit.field, unit.task, unit.train, height, width, device, fits)


def device_of(profile: Profile) -> tuple[str, str]:
    """What a profile's fits would run on here, and what there is to say of it: the CPU where it asks for a GPU."""
    try:
        return devices.choose(profile.device), ""
    except devices.NoCuda:
        return "cpu", "on this CPU, though the profile asks for a CUDA GPU"


Timed = dict[str, tuple[Work, Steps]]  # by kind: whose steps were timed


def time_kinds(lots: Iterable[Sequence[Work]], budget: Budget) -> Timed:
    """Steps of each kind of work, those first that are most of their lot; with no budget left, one kind a way."""
    weights: dict[str, float] = {}
    kinds: dict[str, Work] = {}
    for lot in lots:
        whole = sum(work.total for work in lot)
        for work in lot:
            kinds.setdefault(work.kind, work)
            weights[work.kind] = weights.get(work.kind, 0.0) + work.total / whole
    timed: Timed = {}
    for kind in sorted(kinds, key=lambda kind: -weights[kind]):
        work = kinds[kind]
        first = all(other.way != work.way for other, _ in timed.values())
        if first or budget:
            own, size = budget.at_least(SETTLING) if first else budget, (work.height, work.width)
            with _threads(1 if work.beside > 1 else torch.get_num_threads()):
                timed[kind] = work, time_steps(work.field, work.task, work.train, *size, work.device, own)
    return timed


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """Torch with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def alone(work: Work, timed: Timed) -> Span:
    """The seconds of all fits with the machine to themselves, by steps of their kind or the one whose effort is next.

    Where the machine was too busy for a kind's steps to settle, those of another that did are told from.
    """

    def unlike(each: tuple[Work, Steps]) -> tuple[bool, bool, float]:
        other, steps = each
        return not steps.largest.settled, other.kind != work.kind, abs(math.log(other.effort / work.effort))

    other, steps = min((each for each in timed.values() if each[0].way == work.way), key=unlike)
    rounds = math.ceil(work.fits / work.beside)
    seconds = steps.seconds(work.points) * work.effort / other.effort * work.train.iterations * rounds
    off = 1 + steps.largest.spread + (OFF if work.kind == other.kind else OTHER)
    return Span(seconds / off, seconds, seconds * off)
