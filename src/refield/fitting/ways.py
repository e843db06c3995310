"""Ways of descending: the first that takes a fit and has the device for it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from refield.errors import UserError
from refield.fields.field import Field
from refield.fields.gated_latents import GatedLatents
from refield.fields.latents import Latents
from refield.fields.mlp import Mlp
from refield.fields.sparse_latents import SparseLatents
from refield.fitting.train import Train

if TYPE_CHECKING:
    import torch

    from refield.fields.field import Weights
    from refield.fitting.job import Descent, Job


FUSED = ("sine", "leaky_relu", "relu")  # activations that fused kernels know


@dataclass(frozen=True)
class Way:
    """One implementation of `Descent`; torch is imported when it is loaded."""

    module: str  # where it is, for the fingerprint of a fit's code
    takes: Callable[[Field, bool, Train], bool]  # a field, whether the loss is least squares, and the settings
    runs: Callable[[str], bool]  # on a device, cpu or cuda
    load: "Callable[[], Callable[[Job, Weights, torch.device], Descent]]"  # a kind of descent, or what chooses one


def least_squares_of_an_mlp(field: Field, least_squares: bool, train: Train) -> bool:
    explicit = isinstance(field, Mlp) and not field.residual and field.skip is None
    return explicit and least_squares and train.engine == "fast" and train.batch is None


def least_squares_of_latents(field: Field, least_squares: bool, train: Train) -> bool:
    drawn = isinstance(field, Latents | GatedLatents) and not isinstance(field, SparseLatents)
    return drawn and least_squares and train.engine == "fast" and train.batch is None


def least_squares_of_sparse_latents(field: Field, least_squares: bool, train: Train) -> bool:
    return isinstance(field, SparseLatents) and least_squares and train.batch is None


def mixes(field: Field, least_squares: bool, train: Train) -> bool:
    """Whether a fit can be computed in mixed precision."""
    return least_squares_of_an_mlp(field, least_squares, train)


def fuses(field: Field, least_squares: bool, train: Train) -> bool:
    fast = least_squares_of_an_mlp(field, least_squares, train) and train.precision == "mixed"
    return fast and isinstance(field, Mlp) and field.hidden > 0 and field.encoding is None and has_kernels(field)


def has_kernels(field: Mlp) -> bool:
    """Whether the fused kernels know the activation of its layers, one for all; of a search, of some of its fits."""
    names = set(field.searched.dictionary) if field.searched else set(field.activations)
    return field.trained is None and (field.searched is not None or len(names) == 1) and bool(names & {*FUSED})


def has_matrix_units(device: str) -> bool:
    """Whether Triton is here, and a GPU whose half-precision matrix units it uses."""
    if device != "cuda" or find_spec("triton") is None:
        return False
    import torch

    return torch.cuda.get_device_capability() >= (8, 0)


def _fused() -> "type[Descent]":
    from refield.fitting.mlp.fused import FusedDescent

    return FusedDescent


def _engine() -> "type[Descent]":
    from refield.fitting.mlp.engine import MlpDescent

    return MlpDescent


def _latents() -> "Callable[[Job, Weights, torch.device], Descent]":
    from refield.fitting.latents.engine import descent

    return descent


def _sparse() -> "type[Descent]":
    from refield.fitting.latents.sparse import SparseDescent

    return SparseDescent


def _batches() -> "Callable[[Job, Weights, torch.device], Descent]":
    from refield.fitting.rays import descent  # for rays, and for points as well

    return descent


def _autograd() -> "type[Descent]":
    from refield.fitting.autograd import AutogradDescent

    return AutogradDescent


WAYS = (
    Way("refield.fitting.mlp.fused", fuses, has_matrix_units, _fused),
    Way("refield.fitting.mlp.engine", least_squares_of_an_mlp, lambda _: True, _engine),
    Way("refield.fitting.latents.engine", least_squares_of_latents, lambda _: True, _latents),
    Way("refield.fitting.latents.sparse", least_squares_of_sparse_latents, lambda _: True, _sparse),
    Way(
        "refield.fitting.rays",
        lambda field, _loss, train: train.batch is not None and not isinstance(field, SparseLatents),
        lambda _: True,
        _batches,
    ),
    Way("refield.fitting.autograd", lambda field, *_: not isinstance(field, SparseLatents), lambda _: True, _autograd),
)


def choose(field: Field, least_squares: bool, train: Train, device: str) -> Way:
    """The way that a fit goes on a device."""
    return next(way for way in that_take(field, least_squares, train) if way.runs(device))


def that_take(field: Field, least_squares: bool, train: Train) -> list[Way]:
    """The ways that take a fit, one at least; `UserError` if none does."""
    if taking := [way for way in WAYS if way.takes(field, least_squares, train)]:
        return taking
    raise UserError("sparse latents are only fitted to values, at all points at once: no batch")


def modules(field: Field, least_squares: bool, train: Train) -> list[str]:
    """The modules that may take a fit's steps, on one device or another."""
    may = that_take(field, least_squares, train)
    everywhere = next(i for i, way in enumerate(may) if way.runs("cpu"))
    return [way.module for way in may[: everywhere + 1]]
