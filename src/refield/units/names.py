"""What the files of a fit are called."""

from collections.abc import Collection

from refield.signals import SIGNALS
from refield.signals.signal import Signal

WEIGHTS, CURVE, LABELS = "weights.safetensors", "curve.csv", "labels.png"


def reconstruction(signal: Signal | type[Signal]) -> str:
    """The file that holds a signal's estimate."""
    return f"reconstruction{signal.suffix}"


def are_of_a_unit(names: Collection[str]) -> bool:
    """Whether a fit's files are called this: weights, curve, one estimate, and labels where it follows a map."""
    kinds = {reconstruction(kind) for kind in SIGNALS.values()}
    return any({WEIGHTS, CURVE, kind} == {*names} - {LABELS} for kind in kinds)
