"""What `dvc repro`, or `dvc exp run -S`, would do here and why, without doing it: stages, units, time."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from refield import config
from refield.config import Params
from refield.store import Store
from refield.wording import duration
from stages import layout
from stages.pending import Planned, to_run, units_ready
from stages.verify import LOCK, entries

MOST = 3  # reasons shown of one stage


def main(changes: Mapping[str, Any]) -> None:
    """Print the plan, with other values for some keys of params.yaml."""
    params = config.read(changes=changes)
    locked = entries(LOCK) if LOCK.exists() else {}
    stages, planned = to_run(params, locked, changes)
    if not planned:
        print("Nothing would run: all results are up to date.")
        return
    total, lines = 0.0, dict[tuple[str, str, str], list[str]]()
    for stage in planned:
        units, seconds = units_of(stage, locked, params, planned)
        total += seconds
        group, _, member = stage.name.partition("-")
        lines.setdefault((group, units, words(stage)), []).append(member)
    table = Table("stage", "of", "units", "why", box=None, pad_edge=False)
    for (group, units, why), members in lines.items():
        table.add_row(group, ", ".join(filter(None, members)), units, why)
    Console(highlight=False).print(table)
    fits = f"; the fits take about {duration(total)}, by earlier ones" if total else ""
    print(f"{len(planned)} of {len(stages)} stages would run{fits}.")


def units_of(
    stage: Planned, locked: Mapping[str, Any], params: Params, planned: Sequence[Planned]
) -> tuple[str, float]:
    """What a fit stage would find in the store and what it would fit; and the seconds that takes, as far as known."""
    kind, _, rest = stage.name.partition("@")
    if kind not in ("fit", "fit_segmented"):
        return "", 0.0
    profile, _, method = rest.partition("-")
    units, store = units_ready(params, profile, method, planned), Store()
    if not units:
        return "known later", 0.0
    missing = sum(not store.has(unit.key()) for unit in units)
    found = f"{len(units) - missing} reused" if missing < len(units) else ""
    fits = f"{missing} to fit" if missing else ""
    before = locked.get(stage.name, {}).get("params", {}).get("params.yaml", {}).get(f"profiles.{profile}.train", {})
    return ", ".join(filter(None, (found, fits))), missing * seconds_of(profile, method, before, params)


def seconds_of(profile: str, method: str, before: Mapping[str, Any], params: Params) -> float:
    """A fit's median duration by the last run's record, for as many iterations as now; 0 if there is none."""
    file = layout.provenance(profile, method)
    if not file.exists():
        return 0.0
    iterations = params.profiles[profile].train.iterations
    return float(pd.read_csv(file)["seconds"].median()) * iterations / before.get("iterations", iterations)


def words(stage: Planned) -> str:
    """Its own reasons, or else those before it."""
    if not stage.reasons:
        groups = list(dict.fromkeys(name.partition("-")[0] for name in stage.after))
        return f"follows {', '.join(groups)}"
    more = [f"and {len(stage.reasons) - MOST} more"] if len(stage.reasons) > MOST else []
    return "; ".join([*stage.reasons[:MOST], *more])
