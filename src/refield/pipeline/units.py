"""The units of a profile and a method: what is wanted of each of its signals."""

import functools
import hashlib
import json
from pathlib import Path

import numpy as np

from refield import fields
from refield.config import Params
from refield.errors import UserError
from refield.pipeline.layout import Layout
from refield.segmentation.files import read_labels
from refield.signals import Signal
from refield.signals.image import as_image
from refield.tasks.inpaint import Inpaint
from refield.units.fingerprint import fingerprint
from refield.units.scoring import read_signal
from refield.units.unit import Unit, code_of


def files(layout: Layout, params: Params, profile: str) -> list[Path]:
    """The prepared signals of a profile, in the order of their names."""
    found = layout.signals(profile).glob(f"*{params.profiles[profile].signal.suffix}")
    return sorted(found, key=lambda file: file.stem)  # as folders are: "a-b.png" comes before "a.png"


def file_of(layout: Layout, params: Params, profile: str, name: str) -> Path:
    """The prepared signal of a name."""
    return layout.signals(profile) / f"{name}{params.profiles[profile].signal.suffix}"


def read_unit(layout: Layout, params: Params, profile: str, method: str, file: Path) -> Unit:
    """What is wanted of a signal; `UserError` if its file or its map is missing or damaged."""
    name, signal = params.map(profile, method), _signal(file, params.profiles[profile].signal)
    task = params.task(profile, method)
    if isinstance(task, Inpaint):  # whose mask may be unfit for the image; better now than when others are fitted
        try:
            task.draw_mask(as_image(signal).shape)
        except UserError as error:
            raise UserError(f"{file.stem} {error}") from None
    return Unit(
        name=file.stem,
        signal=signal,
        labels=None if name is None else _labels(layout.maps(profile, name) / f"{file.stem}.png"),
        task=task,
        field=fields.of_size(params.field(profile, method), signal.shape),
        train=params.train(profile, method),
        seed=params.seed,
    )


def read_units(layout: Layout, params: Params, profile: str, method: str) -> list[Unit]:
    return [read_unit(layout, params, profile, method, file) for file in files(layout, params, profile)]


# Once each: a study has thousands of units of a few images.
@functools.cache
def _signal(file: Path, kind: type[Signal]) -> Signal:
    return read_signal(file, kind)


@functools.cache
def _labels(file: Path) -> np.ndarray:
    return read_labels(file)


def wanted(layout: Layout, params: Params, profile: str, method: str) -> str:
    """The keys of a method's units by name, as JSON: a fit stage runs again if one of them changes."""
    units = {unit.name: unit.key() for unit in read_units(layout, params, profile, method)}
    return _json({"code": code(params, profile, method), "units": units})


def code(params: Params, profile: str, method: str) -> str:
    """The fingerprint of the code that a method's fits come from, which is part of their keys."""
    field, train = params.field(profile, method), params.train(profile, method)
    return code_of(field, params.task(profile, method), train, params.profiles[profile].signal)


def scoring(params: Params, profile: str) -> str:
    """What the scores of a profile's fits come from, as JSON: they are scored again if it changes."""
    task, signal, srgan = params.task(profile), params.profiles[profile].signal, params.profiles[profile].srgan
    beside = [] if srgan is None else ["refield.units.controls"]
    scored = fingerprint("refield.units.scoring", type(task).__module__, signal.__module__, *beside, scores=True)
    own = {} if srgan is None else {"srgan": srgan.model_dump(mode="json")}
    return _json({"task": task.model_dump(mode="json"), **own, "code": scored})


def coding(params: Params, profile: str) -> str | None:
    """What the rates of a profile's fits come from, as JSON: they are coded again if it changes; None if none are."""
    settings, signal = params.coded(profile), params.profiles[profile].signal
    if settings is None:
        return None
    kinds = [params.field(profile, method) for method in params.methods_of(profile)]
    modules = {module for field in kinds for module in (type(field).__module__, *field.modules)}
    own = ("refield.coding.rates", "refield.coding.rounding", "refield.coding.aware", signal.__module__, *modules)
    return _json({"coding": settings.model_dump(mode="json"), "code": fingerprint(*own, scores=True)})


def settings(params: Params, profile: str | None = None) -> str:
    """The sha256 of all that params.yaml says, or says of one profile, as JSON: what units and pages are depends on it.

    It stands for the values themselves because DVC writes all of dvc.lock after each stage, and lists there what each
    stage depends on: the settings of every profile would stand in it once for each page and figure.
    """
    values = params.model_dump(mode="json", exclude_unset=True)
    if profile is not None:
        values = {key: value for key, value in values.items() if key not in ("paper", "runs", "profiles", "coding")}
        values["profile"] = params.profiles[profile].model_dump(mode="json", exclude_unset=True, exclude={"methods"})
        values["methods"] = params.methods_of(profile)
    return _json({"sha256": hashlib.sha256(_json(values).encode()).hexdigest()})


def of_all(layout: Layout, params: Params) -> dict[Path, str]:
    """The files that say what settings are, of all profiles and of each; and their texts."""
    own = {layout.settings(profile): settings(params, profile) for profile in params.profiles}
    return {layout.settings_of_all: settings(params), **own}


def of_profile(layout: Layout, params: Params, profile: str) -> dict[Path, str]:
    """The files that say of a whole profile, and of none of its methods, what stages depend on; and their texts."""
    texts = {
        layout.scoring(profile): scoring(params, profile),
        layout.coding(profile): coding(params, profile),
    }
    return {file: text for file, text in texts.items() if text is not None}


def _json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
