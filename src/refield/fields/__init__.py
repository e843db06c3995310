"""Fields, one to a file: each describes itself, draws its initial weights and evaluates points."""

from collections.abc import Mapping
from typing import Any

from refield.errors import UserError, shown
from refield.fields.cosmo import Cosmo
from refield.fields.field import Field, Sized
from refield.fields.gated_latents import GatedLatents
from refield.fields.hash_grid import HashGrid
from refield.fields.incode import Incode
from refield.fields.latents import Latents
from refield.fields.mfn import Mfn
from refield.fields.mlp import Mlp
from refield.fields.mlp_same_law import MlpSameLaw
from refield.fields.sparse_latents import SparseLatents
from refield.fields.wire import Wire
from refield.settings import among, choices

FIELDS: dict[str, type[Field]] = {
    "mlp": Mlp,
    "wire": Wire,
    "mfn": Mfn,
    "cosmo": Cosmo,
    "incode": Incode,
    "mlp_same_law": MlpSameLaw,
    "latents": Latents,
    "gated_latents": GatedLatents,
    "sparse_latents": SparseLatents,
    "hash_grid": HashGrid,
}


def build(description: Mapping[str, Any]) -> Field:
    """The field of a description: its kind, under `field`, and the keys of its constructor."""
    kind, keys = description.get("field"), {key: value for key, value in description.items() if key != "field"}
    if not among(kind, FIELDS):
        raise UserError(f"field = {shown(kind)} is not known; fields are {choices(FIELDS)}")
    return FIELDS[kind](**keys)


def of_size(field: Field, shape: tuple[int, ...]) -> Field:
    """The field for a signal of so many samples along each axis."""
    return field.of_size(shape) if isinstance(field, Sized) else field


def describe(field: Field) -> dict[str, Any]:
    """What `build` makes the field of again, as JSON has it."""
    kind = next(name for name, kind in FIELDS.items() if kind is type(field))
    return {"field": kind, **field.model_dump(mode="json")}
