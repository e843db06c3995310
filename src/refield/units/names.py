"""What the files of a fit are called."""

from collections.abc import Collection

from refield.signals import SIGNALS
from refield.signals.signal import Signal

WEIGHTS, CURVE, LABELS, SEARCH = "weights.safetensors", "curve.csv", "labels.png", "search.csv"


def reconstruction(signal: Signal | type[Signal]) -> str:
    """The file that holds a signal's estimate."""
    return f"reconstruction{signal.suffix}"


def are_of_a_unit(names: Collection[str]) -> bool:
    """Whether a fit's files are called this: weights, curve, one estimate; labels where it follows a map, and the table
    of a search."""
    kinds = {reconstruction(kind) for kind in SIGNALS.values()}
    return any({WEIGHTS, CURVE, kind} == {*names} - {LABELS, SEARCH} for kind in kinds)
