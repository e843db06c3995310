"""A search as units: what its next fits are, what they have told, and what comes of it in the end.

MIRE's greedy search (`fields/dictionary`) fits a network of one layer with each activation of the dictionary, keeps the
one of lowest loss, and goes on with two layers, of which the first starts as that one ended. Each of these fits is a
unit like any other: kept, resumed, and made by whoever makes units. The search itself is the unit that ends as the best
of its last fits did, and holds a table of all.
"""

import io
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from refield.errors import UserError
from refield.fields.dictionary import Dictionary
from refield.fields.field import Field
from refield.fields.mlp import Mlp
from refield.units.names import CURVE, SEARCH
from refield.units.store import Made
from refield.units.unit import Start, Unit

COLUMNS = ["layer", "activation", "chosen", "iteration", "loss"]


def dictionary(field: Field) -> Dictionary | None:
    """What a field's activations are yet to be chosen from; None if it is a field already."""
    return field.searched if isinstance(field, Mlp) else None


def may_end_as(field: Field, found: Field) -> bool:
    """Whether a fit of a field may hold another one: the same, or what a search can end with."""
    if not isinstance(field, Mlp) or field.searched is None or not isinstance(found, Mlp):
        return field == found
    names = found.activations
    return found == field.shortened(names) and len(names) == field.hidden and {*names} <= {*field.searched.dictionary}


class Search:
    """One that is under way."""

    def __init__(self, unit: Unit) -> None:
        found = dictionary(unit.field)
        assert isinstance(unit.field, Mlp)
        assert found is not None
        self.unit, self.field, self.dictionary = unit, unit.field, found
        self.chosen: list[tuple[Unit, str, Made]] = []  # of each stage the winner, and its last activation
        self.rows: list[dict[str, object]] = []
        self.seconds = 0.0

    @property
    def done(self) -> bool:
        return len(self.chosen) == len(self.dictionary.stages)

    def candidates(self) -> dict[str, Unit]:
        """The fits of the next stage, by activation."""
        stage, earlier = len(self.chosen), [name for _, name, _ in self.chosen]
        iterations = self.dictionary.iterations(self.unit.train.iterations)[stage]
        start = Start(self.chosen[-1][0].key(), stage, self.dictionary.keep) if self.chosen else None
        train = self.unit.train.model_copy(update={"iterations": iterations})
        fields = {name: self.field.shortened([*earlier, name]) for name in self.dictionary.dictionary}
        return {
            name: replace(
                self.unit,
                labels=self.unit.labels if field.needs_labels else None,
                field=field,
                train=train,
                start=start,
            )
            for name, field in fields.items()
        }

    def choose(self, made: Mapping[str, Made], failed: Mapping[str, str]) -> None:
        """Keep the candidate of lowest loss, the dictionary's first of equal ones; one that has failed does not win.

        `made` and `failed` are by key. `UserError` if all have failed.
        """
        candidates = self.candidates()
        curves = {
            name: pd.read_csv(io.BytesIO(made[unit.key()].files[CURVE]))
            for name, unit in candidates.items()
            if unit.key() in made
        }
        if not curves:
            raise UserError(next(failed[unit.key()] for unit in candidates.values()))
        best = min(curves, key=lambda name: float(curves[name]["loss"].iloc[-1]))
        layer = len(self.chosen) + 1
        for name, unit in candidates.items():
            about = {"layer": layer, "activation": name, "chosen": int(name == best)}
            if name not in curves:
                self.rows.append({**about, "iteration": 0, "loss": None})
                continue
            self.seconds += float(made[unit.key()].provenance["seconds"])
            self.rows += [
                {**about, "iteration": i, "loss": loss} for i, loss in curves[name][["iteration", "loss"]].values
            ]
        self.chosen.append((candidates[best], best, made[candidates[best].key()]))

    def result(self) -> Made:
        """The last winner's files and the table of all; its seconds are those of all fits."""
        winner = self.chosen[-1][2]
        table = pd.DataFrame(self.rows, columns=COLUMNS).astype({"iteration": int})
        text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
        about = {"seconds": round(self.seconds, 2), "code": self.unit.code[:12]}
        return Made({**winner.files, SEARCH: text.encode()}, {**winner.provenance, **about})
