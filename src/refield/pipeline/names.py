"""Which profile, method, map or study a stage is of.

No command of a dvc.yaml says it: DVC hands commands to a shell, which would run what stands in a name. DVC tells a
command its stage in DVC_STAGE, such as fit@quick-siren; by hand it is `python -m stages.fit quick siren`. Names of
params.yaml have no "-", so what DVC has joined comes apart in one way only; scripts look the names up before any work.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from refield.errors import UserError, shown
from refield.pipeline.layout import Layout
from refield.settings import choices


def own_names(stage: str, asked: Sequence[str]) -> list[str]:
    """The names in a stage's, as many as are asked for; `UserError` if it has others.

    A dvc.yaml in a folder stands before the stage: papers/NAME/dvc.yaml:fit@quick-siren.
    """
    key = stage.rpartition(":")[2].partition("@")[2]
    names = key.split("-") if len(asked) > 1 else [key]
    if len(names) != len(asked) or not all(names):
        raise UserError(
            f"DVC_STAGE = {shown(stage)} does not say {' and '.join(asked)}; it must be STAGE@{'-'.join(asked).upper()}"
            ', whose names have lower-case letters, digits and "_" only'
        )
    return names


def require(name: str, known: Iterable[str], kind: str) -> None:
    """`UserError` unless a name is among those that there are of a kind."""
    if name not in (known := list(known)):
        raise UserError(f"{shown(name)} is no {kind}; it must be one of {choices(known)}")


def study_folder(layout: Layout, name: str) -> Path:
    """Where the files of one of a pipeline's studies lie; `UserError` if it has no such study."""
    require(name, sorted(file.parent.name for file in layout.studies.glob("*/params.yaml")), "study")
    return layout.studies / name


def _given_or_own(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    if value:
        return value
    asked = [str(each.name) for each in ctx.command.params if each.param_type_name == "argument"]
    if "DVC_STAGE" not in os.environ:
        raise UserError(f"{param.name} is missing; run {ctx.command_path} {' '.join(asked).upper()}")
    return own_names(os.environ["DVC_STAGE"], asked)[asked.index(str(param.name))]


# An argument of a stage's `main`: what the command line says, or else what DVC_STAGE says in the same place.
FromStage = Annotated[str, typer.Argument(default_factory=str, callback=_given_or_own, show_default=False)]
