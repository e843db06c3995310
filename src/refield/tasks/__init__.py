"""Tasks, one to a file: what a field is fitted to, and how well it does."""

from collections.abc import Mapping
from typing import Any

from refield.tasks.derivatives import Derivatives
from refield.tasks.edges import Edges
from refield.tasks.gradients import Gradients
from refield.tasks.inpaint import Inpaint
from refield.tasks.laplacian import Laplacian
from refield.tasks.occupancy import Occupancy
from refield.tasks.radiance import Radiance
from refield.tasks.represent import Represent
from refield.tasks.segmented import Segmented
from refield.tasks.superresolve import Superresolve
from refield.tasks.task import Task

TASKS: dict[str, type[Task]] = {
    "represent": Represent,
    "inpaint": Inpaint,
    "gradients": Gradients,
    "laplacian": Laplacian,
    "superresolve": Superresolve,
    "edges": Edges,
    "derivatives": Derivatives,
    "segmented": Segmented,
    "occupancy": Occupancy,
    "radiance": Radiance,
}


def build(description: Mapping[str, Any]) -> Task:
    """The task of a description: its `kind` and its own keys."""
    return TASKS[description["kind"]](**{key: value for key, value in description.items() if key != "kind"})


def describe(task: Task) -> dict[str, Any]:
    """What `build` makes the task of again, as JSON has it; without what only its scores depend on."""
    kind = next(name for name, kind in TASKS.items() if kind is type(task))
    return {"kind": kind, **task.model_dump(mode="json", exclude=set(task.only_scores))}
