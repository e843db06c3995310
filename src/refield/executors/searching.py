"""Searches, stage by stage: the fits of one stage of all of them are made side by side, by whoever makes units."""

from collections.abc import Callable, Sequence

from refield.errors import UserError
from refield.units.failures import FitsFailed
from refield.units.kept import kept
from refield.units.search import Search
from refield.units.store import Made, Store
from refield.units.unit import Unit

Make = Callable[[Sequence[Unit], str], dict[str, Made]]  # units, and what they are called on the screen


def search(units: Sequence[Unit], store: Store, title: str, make: Make) -> dict[str, Made]:
    """Make units whose activations are yet to be chosen, and keep them; by key.

    What the store has of their fits is not fitted again. `FitsFailed` in the end for those of which all fits of a
    stage have failed, which do not stop the rest.
    """
    failed: dict[str, str] = {}
    searches = {unit.key(): Search(unit) for unit in units}
    while under_way := {key: each for key, each in searches.items() if key not in failed and not each.done}:
        wanted = {unit.key(): unit for each in under_way.values() for unit in each.candidates().values()}
        made = {key: found for key, unit in wanted.items() if (found := kept(store, unit))}
        reasons: dict[str, str] = {}
        try:
            lacking = [unit for key, unit in wanted.items() if key not in made]
            layer = 1 + min(len(each.chosen) for each in under_way.values())
            made |= make(lacking, f"{title}, layer {layer}") if lacking else {}
        except FitsFailed as error:
            made |= error.made
            reasons = error.reasons
        for key, each in under_way.items():
            try:
                each.choose(made, reasons)
            except UserError as error:
                failed[key] = str(error)
    results = {key: each.result() for key, each in searches.items() if key not in failed}
    for key, result in results.items():
        store.put(key, result)
    if failed:
        raise FitsFailed(title, units, failed, results)
    return results
