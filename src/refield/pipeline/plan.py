"""What `dvc repro`, or `dvc exp run -S`, would do here and why, without doing it: stages, units, time."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from refield import config
from refield.config import Params
from refield.pipeline import lock
from refield.pipeline.layout import Layout
from refield.pipeline.pending import Planned, to_run, units_ready
from refield.signals import Image
from refield.units.store import Store
from refield.units.unit import Unit

MOST = 3  # reasons shown of one stage


def main(changes: Mapping[str, Any], paper: str | None = None) -> None:
    """Print the plan, with other values for some keys of params.yaml."""
    layout = Layout(paper)
    params = config.read(path=layout.params, changes=changes)
    stages, planned = to_run(layout, params, lock.entries(layout.lock), changes)
    if not planned:
        print("Nothing would run: all results are up to date.")
        return
    wanted, lines = list[tuple[str, Unit, int]](), dict[tuple[str, str, str], list[str]]()
    for stage in planned:
        units, missing = units_of(layout, stage, params, planned)
        wanted += missing
        group, _, member = stage.name.partition("-")
        lines.setdefault((group, units, words(stage)), []).append(member)
    table = Table("stage", "of", "units", "why", box=None, pad_edge=False)
    for (group, units, why), members in lines.items():
        table.add_row(group, ", ".join(filter(None, members)), units, why)
    Console(highlight=False, markup=False).print(table)
    print(f"{len(planned)} of {len(stages)} stages would run{time_of(wanted, params)}.")


def units_of(
    layout: Layout, stage: Planned, params: Params, planned: Sequence[Planned]
) -> tuple[str, list[tuple[str, Unit, int]]]:
    """What a fit stage would find in the store and what it would fit: its profile, one of these units, their number."""
    kind, _, rest = stage.name.partition("@")
    if kind != "fit":
        return "", []
    store, reused, lacking, later = Store(), 0, list[tuple[str, Unit, int]](), list[str]()
    for method in (methods := params.methods_of(rest)):
        units = units_ready(layout, params, rest, method, planned)
        missing = [unit for unit in units if not store.has(unit.key())]
        reused += len(units) - len(missing)
        lacking += [(rest, unit, len(missing)) for unit in missing[:1]]
        later += [] if units else [method]
    if len(later) == len(methods):
        return "known later", []
    found, fits = f"{reused} reused" if reused else "", sum(count for *_, count in lacking)
    words = (found, f"{fits} to fit" if fits else "", f"those of {', '.join(later)} known later" if later else "")
    return ", ".join(filter(None, words)), lacking


def time_of(wanted: Sequence[tuple[str, Unit, int]], params: Params) -> str:
    """How long fits of images would take on this machine, by steps that are timed now; empty if there are none."""
    if not (wanted := [each for each in wanted if isinstance(each[1].signal, Image)]):
        return ""
    from refield.machine.forecast import forecasts  # it imports torch, which takes a second
    from refield.machine.work import device_of, of_unit

    works = [of_unit(unit, device_of(params.profiles[profile])[0], number) for profile, unit, number in wanted]
    found, basis = forecasts({"fits": works})
    return f"; here {found['fits'].fits} fits take about {found['fits']} ({basis})"


def words(stage: Planned) -> str:
    """Its own reasons, or else those before it."""
    if not stage.reasons:
        groups = list(dict.fromkeys(name.partition("-")[0] for name in stage.after))
        return f"follows {', '.join(groups)}"
    more = [f"and {len(stage.reasons) - MOST} more"] if len(stage.reasons) > MOST else []
    return "; ".join([*stage.reasons[:MOST], *more])
