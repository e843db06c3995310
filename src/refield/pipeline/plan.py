"""What `dvc repro`, or `dvc exp run -S`, would do here and why, without doing it: stages, units, time."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from refield import config
from refield.config import Params
from refield.machine.duration import duration
from refield.pipeline import lock
from refield.pipeline.layout import Layout
from refield.pipeline.pending import Planned, to_run, units_ready
from refield.units.store import Store
from refield.units.unit import Unit

MOST = 3  # reasons shown of one stage


def main(changes: Mapping[str, Any], paper: str | None = None) -> None:
    """Print the plan, with other values for some keys of params.yaml."""
    layout = Layout(paper)
    params = config.read(path=layout.params, changes=changes)
    locked = lock.entries(layout.lock) if layout.lock.exists() else {}
    stages, planned = to_run(layout, params, locked, changes)
    if not planned:
        print("Nothing would run: all results are up to date.")
        return
    total, lines = 0.0, dict[tuple[str, str, str], list[str]]()
    for stage in planned:
        units, seconds = units_of(layout, stage, params, planned)
        total += seconds
        group, _, member = stage.name.partition("-")
        lines.setdefault((group, units, words(stage)), []).append(member)
    table = Table("stage", "of", "units", "why", box=None, pad_edge=False)
    for (group, units, why), members in lines.items():
        table.add_row(group, ", ".join(filter(None, members)), units, why)
    Console(highlight=False).print(table)
    fits = f"; the fits take about {duration(total)}, by earlier ones" if total else ""
    print(f"{len(planned)} of {len(stages)} stages would run{fits}.")


def units_of(layout: Layout, stage: Planned, params: Params, planned: Sequence[Planned]) -> tuple[str, float]:
    """What a fit stage would find in the store and what it would fit; and the seconds that takes, as far as known."""
    kind, _, rest = stage.name.partition("@")
    if kind != "fit":
        return "", 0.0
    profile, _, method = rest.partition("-")
    units, store = units_ready(layout, params, profile, method, planned), Store()
    if not units:
        return "known later", 0.0
    missing = sum(not store.has(unit.key()) for unit in units)
    found = f"{len(units) - missing} reused" if missing < len(units) else ""
    fits = f"{missing} to fit" if missing else ""
    return ", ".join(filter(None, (found, fits))), missing * seconds_of(layout, profile, method, units[0])


def seconds_of(layout: Layout, profile: str, method: str, unit: Unit) -> float:
    """A fit's median duration by the last run's record, for as much work as now; 0 if there is none."""
    file, curve = layout.provenance(profile, method), layout.curve(profile, method)
    if not (file.exists() and curve.exists()):
        return 0.0
    iterations = int(pd.read_csv(curve)["iteration"].max())
    return float(pd.read_csv(file)["seconds"].median()) * unit.train.iterations / iterations


def words(stage: Planned) -> str:
    """Its own reasons, or else those before it."""
    if not stage.reasons:
        groups = list(dict.fromkeys(name.partition("-")[0] for name in stage.after))
        return f"follows {', '.join(groups)}"
    more = [f"and {len(stage.reasons) - MOST} more"] if len(stage.reasons) > MOST else []
    return "; ".join([*stage.reasons[:MOST], *more])
