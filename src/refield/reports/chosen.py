"""What the searches of a profile have come to: the table of their choices."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from refield.errors import UserError
from refield.scores.files import require_columns
from refield.units.search import COLUMNS as SEARCHED

COLUMNS = ["method", "image", "layer", "activation", "loss", "runner_up", "loss_of_runner_up"]


@dataclass(frozen=True)
class Sequences:
    """What the searches of one profile have come to."""

    rows: pd.DataFrame  # COLUMNS, a row for each layer; no runner-up where nothing else was tried, or all else diverged
    tried: Mapping[str, list[str]]  # each method's dictionary, in its order

    @classmethod
    def of(cls, searches: Mapping[tuple[str, str], pd.DataFrame]) -> "Sequences":
        """From the tables of searches by method and image; `UserError` if one of them is no such table."""
        rows = [(*key, *choice) for key, search in searches.items() for choice in _choices(search, *key)]
        tried: dict[str, dict[str, None]] = {}
        for (method, _), search in searches.items():
            tried.setdefault(method, {}).update(dict.fromkeys(search["activation"]))
        found = pd.DataFrame(rows, columns=COLUMNS)
        for name, layers in found.groupby("method")["layer"]:
            if layers.value_counts().nunique() > 1:
                raise UserError(f"the searches of {name} are not all of as many layers")
        return cls(found, {method: [*names] for method, names in tried.items()})

    def by_layer(self, method: str, column: str) -> pd.DataFrame:
        """A column, or `margin`: images down, layers across."""
        rows = self.rows[self.rows["method"] == method]
        margins = [margin(*losses) for losses in zip(rows["loss"], rows["loss_of_runner_up"], strict=True)]
        return rows.assign(margin=margins).pivot(index="image", columns="layer", values=column)

    def counts(self, method: str) -> pd.DataFrame:
        """On how many images each layer (down) got each activation of the dictionary (across)."""
        chosen = self.by_layer(method, "activation").melt()
        return pd.crosstab(chosen["layer"], chosen["value"]).reindex(columns=self.tried[method], fill_value=0)


def margin(loss: float, other: float) -> float:
    """By how many dB the other loss is higher; NaN without one."""
    if loss == other:
        return 0.0
    return 10 * math.log10(other / loss) if loss > 0 else math.inf * other


def _choices(search: pd.DataFrame, method: str, image: str) -> Iterator[tuple[int, str, float, str, float]]:
    """Of each layer the last `COLUMNS`; of equal runners-up it is the dictionary's first."""
    try:
        require_columns(search, [name for name in SEARCHED if name != "activation"])
        if "activation" not in search or search.empty:
            raise UserError("has no activations")
        last = search.drop_duplicates(["layer", "activation"], keep="last")
        for expected, (layer, fits) in enumerate(last.groupby("layer"), 1):
            ranked = fits.dropna(subset="loss").sort_values("loss", kind="stable")
            chosen, others = ranked[ranked["chosen"] == 1], ranked[ranked["chosen"] != 1]
            if layer != expected or len(chosen) != 1:
                raise UserError(f"has no single choice for layer {expected}")
            second = (
                (str(others["activation"].iloc[0]), float(others["loss"].iloc[0])) if len(others) else ("", math.nan)
            )
            yield expected, str(chosen["activation"].iloc[0]), float(chosen["loss"].iloc[0]), *second
    except UserError as error:
        raise UserError(f"the search of {method} for {image} {error}") from None
