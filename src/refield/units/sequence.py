"""What a search has chosen, read from its fit: a module of its own, so that no search's key depends on it."""

from collections.abc import Mapping

from refield.scores.files import parse_csv
from refield.units.names import SEARCH


def sequence(files: Mapping[str, bytes]) -> str:
    """The activations chosen, layer by layer, such as "sine-gabor", from a fit's files; "" if it is not a search's."""
    if SEARCH not in files:
        return ""
    table = parse_csv(files[SEARCH])
    return "-".join(table[table["chosen"] == 1].drop_duplicates("layer")["activation"])
