"""What the files of a fit are called."""

from refield.signals.signal import Signal

WEIGHTS, CURVE, LABELS = "weights.safetensors", "curve.csv", "labels.png"


def reconstruction(signal: Signal | type[Signal]) -> str:
    """The file that holds a signal's estimate."""
    return f"reconstruction{signal.suffix}"
