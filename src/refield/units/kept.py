"""What the store has of a unit, looked into: its files may be as they were written, and yet no fit of this unit."""

import logging

import numpy as np

from refield.errors import UserError
from refield.units.names import CURVE, LABELS
from refield.units.scoring import check, decode_curve
from refield.units.search import may_end_as
from refield.units.store import Made, Store
from refield.units.unit import Unit

log = logging.getLogger(__name__)


def kept(store: Store, unit: Unit) -> Made | None:
    """The unit, if the store has it whole; what is no fit of it is removed."""
    made = store.get(unit.key())
    if made is None:
        return None
    try:
        _require_fit(made, unit)
    except UserError as error:
        log.warning("a damaged unit, which is fitted again: %s", error)
        store.discard(unit.key())
        return None
    return made


def _require_fit(made: Made, unit: Unit) -> None:
    fit = check(unit.signal, made.files, f"{unit.name}: ")
    if fit.contents.target != unit.train.target or not may_end_as(unit.field, fit.contents.field):
        raise UserError(f"{unit.name}: the weights are of another field")
    if fit.labels is not None and (unit.labels is None or not np.array_equal(fit.labels, unit.labels)):
        raise UserError(f"{unit.name}: {LABELS} is another map")
    try:
        decode_curve(made.files[CURVE])
    except UserError as error:
        raise UserError(f"{unit.name}: {CURVE} {error}") from None
