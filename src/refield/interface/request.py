"""A fit that is asked for: image and settings are checked before any work starts."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError
from rich import get_console

from refield import config, papers
from refield.config import Images, Params
from refield.errors import UserError, shown
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields import FIELDS, of_size
from refield.fitting import ways
from refield.fitting.train import Train
from refield.interface.result import Result
from refield.segmentation.segmentation import segment
from refield.settings import among, choices, refused, sentence
from refield.signals import Image, photographs
from refield.tasks import TASKS
from refield.units import memory
from refield.units.kept import kept
from refield.units.store import Made, Store
from refield.units.unit import Unit

Picture = np.ndarray | str | PathLike[str]
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Request:
    """What is to be fitted, by which method of params.yaml, and on what: auto, cpu or cuda."""

    unit: Unit
    method: str
    device: str

    def make(self, progress: bool = True) -> Result:
        """Fit it, unless the store has it."""
        store = Store()
        made = kept(store, self.unit) or self._fit(store, progress)
        return Result(self.method, self.unit, made.files, made.provenance)

    def _fit(self, store: Store, progress: bool) -> Made:
        from refield.fitting import devices  # torch, which takes a second

        unit, device = self.unit, devices.choose(self.device)
        memory.require([unit], device)
        # In a notebook rich shows its bar by ipywidgets, and warns where there are none.
        shown = progress and not (get_console().is_jupyter and find_spec("ipywidgets") is None)
        return make_units([unit], store, device, unit.name, Inline(), progress=shown)[unit.key()]


def fit(
    image: Picture,
    method: str | None = None,
    *,
    profile: str = "photograph",
    task: str | Mapping[str, Any] | None = None,
    native: bool | None = None,
    seed: int | None = None,
    device: Literal["auto", "cpu", "cuda"] | None = None,
    progress: bool = True,
    **settings: Any,
) -> Result:
    """Fit a field to an image, or take the fit from the user's store if it has been made before.

    Names and defaults are those of params.yaml: of the clone that this runs in, else of the one that came with refield.

    Args:
        image: The file of a photograph, or pixels (h, w, 3) or (h, w), at least 11 a side, uint8 or floats from 0 to 1.
        method: A key of `methods`; if None, the method that the paper is about.
        profile: A key of `profiles`, which says the size of images and network, the task, the training, the device.
        task: A kind of task, or its keys as they stand in a profile, such as {"kind": "inpaint", "hidden": 0.5}; if
            None, the profile's.
        native: Whether the image keeps its size, or is cropped and brought to that of the profile's images; if None, an
            array keeps it and a photograph does not. Whether photographs become grey, the profile says.
        seed: Of the initial weights, from 0; if None, `seed` of params.yaml.
        device: What computes; if None, the profile's. The environment's REFIELD_DEVICE goes before both.
        progress: Whether a bar shows how far it is: on standard error, or in a notebook that has ipywidgets.
        settings: Other values for keys of the method or of `train`, such as iterations=1000 or width=128.

    Raises:
        UserError: In one sentence, what cannot be used: the image, a name, a value; or that the loss diverged.
    """
    return ask(image, method, profile, task, native, seed, device, settings).make(progress)


def ask(
    image: Picture,
    method: str | None,
    profile: str,
    task: str | Mapping[str, Any] | None = None,
    native: bool | None = None,
    seed: int | None = None,
    device: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """What `fit` is asked for by the same arguments; `UserError` if any of them cannot be used."""
    settings, params = settings or {}, config.read(profile, method)
    gain = papers.read(params.paper).gain
    method = method or (gain.better if gain else next(iter(params.methods)))
    device = device or params.profiles[profile].device
    if device not in DEVICES:
        raise refused("device", device, f"be one of {choices(DEVICES)}")
    seed = params.seed if seed is None else seed_of(seed)
    if task is not None:
        params = _with_task(params, profile, task if isinstance(task, Mapping) else {"kind": task})
    params = _with_settings(params, profile, method, settings)
    where, pixels = pixels_of(image, params.profiles[profile].images, native)
    try:
        chosen, field, train = params.task(profile), params.field(profile, method), params.train(profile, method)
    except ValidationError as error:
        raise UserError(sentence(error)) from None
    field = of_size(field, pixels.shape[:2])
    if train.precision == "mixed" and not ways.mixes(field, chosen.least_squares, train):
        raise refused("precision", "mixed", "be float32: by other products this fit cannot be computed")
    name = params.map(profile, method)
    if name is None and "map" in settings:
        raise UserError(f"map = {shown(settings['map'])} is not allowed; the field of {method} follows no map")
    try:
        labels = None if name is None else segment(pixels, params.segmenter(name), params.regions(name)).labels
    except UserError as problem:
        raise UserError(f"{where}: {problem}") from None
    return Request(Unit(Path(where).stem, Image(pixels), labels, chosen, field, train, seed), method, device)


def seed_of(number: Any) -> int:
    """A seed that may be one; `UserError` if it may not."""
    seed = operator.index(number)
    if not 0 <= seed < 2**63:
        raise refused("seed", seed, "be from 0 to 2**63 - 1")
    return seed


def _with_task(params: Params, profile: str, entry: Mapping[str, Any]) -> Params:
    """The parameters with another task, whose keys may be those of `scores`, too."""
    if not among(entry.get("kind"), TASKS):
        raise refused("task", entry.get("kind"), f"be one of {choices(TASKS)}")
    scored = {key: value for key, value in entry.items() if key in TASKS[entry["kind"]].only_scores}
    own = {key: value for key, value in entry.items() if key not in scored}
    profiles = {**params.profiles, profile: params.profiles[profile].model_copy(update={"task": own})}
    return params.model_copy(update={"profiles": profiles, "scores": {**params.scores, **scored}})


def _with_settings(params: Params, profile: str, method: str, settings: Mapping[str, Any]) -> Params:
    """The parameters with other keys of a method in a profile, and of its training."""
    known = {"map", *signature(FIELDS[params.kind(method)]).parameters, *Train.model_fields} - {"regions"}
    for key in settings:
        if key not in known:
            raise UserError(f"{key} is not a known keyword; of {method} there are {choices(sorted(known))}")
    if "map" in settings and not among(settings["map"], params.maps):
        raise refused("map", settings["map"], f"be one of {choices(params.maps)}")
    entry, there = params.method(profile, method), params.profiles[profile]
    train = {**entry.get("train", {}), **{key: settings[key] for key in settings if key in Train.model_fields}}
    own = {key: value for key, value in settings.items() if key not in Train.model_fields}
    there = there.model_copy(update={"methods": {method: {**entry, **own, "train": train}}})
    return params.model_copy(update={"profiles": {**params.profiles, profile: there}})


def pixels_of(image: Picture, settings: Images, native: bool | None) -> tuple[str, np.ndarray]:
    """What an image is called, and its pixels (h, w, c) uint8."""
    if isinstance(image, str | PathLike):
        file = Path(fspath(image)).expanduser()
        if not file.is_file():
            raise UserError(f"{file} is {'no file' if file.exists() else 'missing'}")
        where, pixels, framed = str(file), photographs.load(file, settings.color), not native
    else:
        where, pixels, framed = "image", _uint8(np.asarray(image)), native is False
    try:
        return where, photographs.frame(pixels, settings.frame if framed else "native", settings.long, settings.short)
    except UserError as problem:
        raise UserError(f"{where}: {problem}") from None


def _uint8(array: np.ndarray) -> np.ndarray:
    """Pixels (h, w, c) uint8 of an array (h, w), (h, w, 1) or (h, w, 3) of uint8 or of floats in 0..1."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3)):
        raise UserError(f"image has shape {array.shape}; it must be (height, width) or (height, width, 3)")
    if np.issubdtype(array.dtype, np.floating):
        if array.size and not (array.min() >= 0 and array.max() <= 1):
            raise UserError(f"image has values from {array.min():g} to {array.max():g}; floats must lie in 0 to 1")
        array = np.rint(255 * array).astype(np.uint8)
    if array.dtype != np.uint8:
        raise UserError(f"image has values of type {array.dtype}; they must be uint8, or floats in 0 to 1")
    return array.reshape(*array.shape[:2], -1).copy()
