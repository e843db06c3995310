"""A fit on disk as its field at its signal's points: for what is asked of a field beside its scores."""

from pathlib import Path

from refield.fitting.train import SPANS
from refield.scores.fitted import Fitted
from refield.signals.signal import Signal
from refield.units.scoring import check, read_files


def read_fitted(signal: Signal, folder: Path) -> Fitted:
    """The field of a signal's fit that lies in a folder; `UserError` names a file that cannot be used."""
    checked = check(signal, read_files(signal, folder), f"{folder}/")
    labels = None if checked.labels is None else checked.labels.reshape(-1)
    contents = checked.contents
    return Fitted(contents.field, contents.weights, signal.points(), labels, SPANS[contents.target])
