"""A fit that is asked for: image and settings are checked before any work starts."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError
from rich import get_console

from refield import config, papers
from refield.config import Params
from refield.errors import UserError, shown
from refield.executors import make_units
from refield.executors.settings import Inline
from refield.fields import FIELDS, of_size
from refield.fitting import ways
from refield.fitting.train import Train
from refield.interface.pictures import Picture, pixels_of
from refield.interface.result import Result
from refield.interface.suited import suited
from refield.segmentation.segmentation import segment
from refield.settings import among, choices, refused, sentence
from refield.signals import Image
from refield.tasks import TASKS
from refield.units import memory
from refield.units.kept import kept
from refield.units.store import Made, Store
from refield.units.unit import Unit

PROFILE = "photograph"  # where none is named
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Request:
    """What is to be fitted, by which method, and on what: auto, cpu or cuda."""

    unit: Unit
    method: str
    device: str
    why: str | None = None  # the method was taken, where none was named

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
    profile: str | None = None,
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
        method: A key of `methods`; if None, the field and training that suit the image's size (`Result.method` says
            which) or, where a profile is named, the method that the paper is about.
        profile: A key of `profiles`, which says the size of images and network, the task, the training, the device; if
            None, `photograph`.
        task: A kind of task, or its keys as they stand in a profile, such as {"kind": "inpaint", "hidden": 0.5}; if
            None, the profile's.
        native: Whether the image keeps its size, or is cropped and brought to that of the profile's images; if None, an
            array keeps it, and a photograph unless a method or profile is named. Whether photographs become grey, the
            profile says.
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
    profile: str | None,
    task: str | Mapping[str, Any] | None = None,
    native: bool | None = None,
    seed: int | None = None,
    device: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Request:
    """What `fit` is asked for by the same arguments; `UserError` if any of them cannot be used."""
    by_size, profile, settings = method is None and profile is None, profile or PROFILE, settings or {}
    params, why = config.read(profile, method), None
    gain = papers.read(params.paper).gain
    device = device or params.profiles[profile].device
    if device not in DEVICES:
        raise refused("device", device, f"be one of {choices(DEVICES)}")
    seed = params.seed if seed is None else seed_of(seed)
    native = True if native is None and by_size else native
    where, pixels = pixels_of(image, params.profiles[profile].images, native)
    if by_size:
        found = suited(*pixels.shape[:2])
        method, why, params = found.name, found.why, found.among(params, profile)
    method = method or (gain.better if gain else next(iter(params.methods)))
    if task is not None:
        params = _with_task(params, profile, task if isinstance(task, Mapping) else {"kind": task})
    params = _with_settings(params, profile, method, settings)
    try:
        chosen, field, train = params.task(profile), params.field(profile, method), params.train(profile, method)
    except ValidationError as error:
        raise UserError(sentence(error)) from None
    field = of_size(field, pixels.shape[:2])
    ways.that_take(field, chosen.least_squares, train)
    if train.precision == "mixed" and not ways.mixes(field, chosen.least_squares, train):
        raise refused("precision", "mixed", "be float32: by other products this fit cannot be computed")
    name = params.map(profile, method)
    if name is None and "map" in settings:
        raise UserError(f"map = {shown(settings['map'])} is not allowed; the field of {method} follows no map")
    try:
        labels = None if name is None else segment(pixels, params.segmenter(name), params.regions(name)).labels
    except UserError as problem:
        raise UserError(f"{where}: {problem}") from None
    return Request(Unit(Path(where).stem, Image(pixels), labels, chosen, field, train, seed), method, device, why)


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
