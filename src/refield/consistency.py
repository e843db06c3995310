"""What one key of params.yaml says of another: all that is named exists, and every method can be built."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from pydantic import ValidationError

from refield.errors import UserError, shown
from refield.fields import FIELDS
from refield.fitting import ways
from refield.originals import Images
from refield.params import Params, Profile, Seg
from refield.segmentation import SEGMENTERS
from refield.settings import ConfigError, among, choices, key_shown, refused, sentence
from refield.tasks import TASKS

FITS_VALUES = ("represent",)  # the tasks that ask nothing of where points lie
OTHERS = {"occupancy": "volumes", "radiance": "views"}  # the tasks of other signals than images
TAKEN = ("checked", "sources")  # in data/, beside the profiles' folders


def check(params: Params, file: str) -> None:
    """What one key says of another: all that is named exists, and every method can be built in every profile."""
    for name in params.runs:
        if name not in params.profiles:
            raise ConfigError(
                f"{file}: runs names {shown(name)}, which is no profile; profiles are {choices(params.profiles)}"
            )
    if taken := params.profiles.keys() & TAKEN:
        raise ConfigError(f"{file}: profiles.{min(taken)} needs another name; data/{min(taken)} is something else")
    if len(set(params.runs)) < len(params.runs):
        raise ConfigError(f"{file}: runs = {shown(params.runs)} names a profile twice")
    if params.seg.method not in params.maps:
        raise refused(f"{file}: seg.method", params.seg.method, f"be one of {choices(params.maps)}")
    for key in params.scores:
        if not any(key in task.only_scores for task in TASKS.values()):
            raise ConfigError(f"{file}: scores.{key_shown(key)} is not a known key")
    _check_defaults(params.network, f"{file}: network")
    for name in params.maps:
        _check_map(params, name, f"{file}: maps.{name}")
    for profile, settings in params.profiles.items():
        _check_coordinates(settings, f"{file}: profiles.{profile}.images.coordinates")
        _check_defaults(settings.network, f"{file}: profiles.{profile}.network", ("field",))
        _check_task(params, settings.task, f"{file}: profiles.{profile}.task")
        if settings.srgan and (kind := settings.task["kind"]) != "superresolve":
            where = f"{file}: profiles.{profile}.task.kind"
            raise ConfigError(f"{where} = {kind} enlarges nothing; remove the profile's srgan")
        _check_coding(params, profile, file)
    for method, entry in params.methods.items():
        _check_method(params, entry, f"{file}: methods.{method}")
    for profile in params.profiles:
        _check_methods_of(params, profile, file)


def _check_coordinates(settings: Profile, where: str) -> None:
    images = settings.originals
    if isinstance(images, Images) and images.coordinates != "square" and settings.task.get("kind") not in FITS_VALUES:
        raise refused(where, images.coordinates, f"be square, except for task {choices(FITS_VALUES)}")


def _check_methods_of(params: Params, profile: str, file: str) -> None:
    where, own = f"{file}: profiles.{profile}.methods", params.profiles[profile].methods
    for method in own:
        if method not in params.methods:
            raise ConfigError(f"{where} names {shown(method)}, which is no method; there are {choices(params.methods)}")
    for method, other in ({} if isinstance(own, list) else own).items():
        if "field" in (other or {}):
            raise ConfigError(f"{where}.{method}.field is not a known key; a method of another field is another method")
        if other:
            _check_method(params, params.method(profile, method), f"{where}.{method}")
    if params.coding is not None and len(params.methods_of(profile)) < len(params.methods):
        raise ConfigError(f"{where} leaves methods out, and fits of every method are coded; remove it")
    if not (methods := params.methods_of(profile)):
        raise ConfigError(f"{where} leaves the profile no method; it must have one at least")
    for method in methods:
        _check_fit(params, profile, method, f"{file}: methods.{method}")


def _check_map(params: Params, name: str, where: str) -> None:
    entry = params.maps[name]
    if not among(entry.get("segmenter"), SEGMENTERS):
        raise refused(f"{where}.segmenter", entry.get("segmenter"), f"be one of {choices(SEGMENTERS)}")
    try:
        Seg(method="any", regions=entry.get("regions", params.seg.regions))
        params.segmenter(name)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where}.")) from None


def _check_defaults(block: dict[str, Any], where: str, unknown: tuple[str, ...] = ()) -> None:
    """What stands under `network`: keys of all kinds of field, and under a kind's name its own."""
    if elsewhere := block.keys() & {*unknown, "regions"}:
        raise ConfigError(f"{where}.{min(elsewhere)} is not a known key")
    for kind, field in FIELDS.items():
        own = block.get(kind, {})
        if not isinstance(own, dict):
            raise refused(f"{where}.{kind}", own, f"be keys of {kind}")
        if strange := [key for key in own if key not in signature(field).parameters or key == "regions"]:
            raise ConfigError(f"{where}.{kind}.{key_shown(strange[0])} is not a known key")


def _check_task(params: Params, entry: dict[str, Any], where: str) -> None:
    if not among(entry.get("kind"), TASKS):
        raise refused(f"{where}.kind", entry.get("kind"), f"be one of {choices(TASKS)}")
    if scored := TASKS[entry["kind"]].only_scores & entry.keys():
        raise ConfigError(f"{where}.{min(scored)} is not a known key; it stands under scores")
    try:
        params.build_task(entry)
    except ValidationError as error:
        prefix = "scores." if error.errors()[0]["loc"][:1] and error.errors()[0]["loc"][0] in params.scores else ""
        raise ConfigError(sentence(error, f"{where.partition(':')[0]}: {prefix}" if prefix else f"{where}.")) from None


def _check_coding(params: Params, profile: str, file: str) -> None:
    own = params.profiles[profile].coding
    if own and params.coding is None:
        raise ConfigError(f"{file}: profiles.{profile}.coding needs coding, whose keys it changes")
    try:
        params.coded(profile)
    except ValidationError as error:
        place = f"profiles.{profile}.coding" if error.errors()[0]["loc"][0] in own else "coding"
        raise ConfigError(sentence(error, f"{file}: {place}.")) from None


def _check_method(params: Params, entry: Mapping[str, Any], where: str) -> None:
    if not among({**params.network, **entry}.get("field"), FIELDS):
        name = {**params.network, **entry}.get("field")
        raise ConfigError(f"{where}: field = {shown(name)} is not known; fields are {choices(FIELDS)}")
    if "regions" in entry:
        raise ConfigError(f"{where}.regions is not a known key; a map has regions, under maps or seg")
    if "map" in entry and not among(entry["map"], params.maps):
        raise refused(f"{where}.map", entry["map"], f"be one of {choices(params.maps)}")
    factor = entry.get("width_factor", 1)
    if not isinstance(factor, int) or isinstance(factor, bool) or factor < 1:
        raise refused(f"{where}.width_factor", factor, "be a whole number from 1")
    if not isinstance(entry.get("train", {}), dict):
        raise refused(f"{where}.train", entry["train"], "be keys of a profile's train")
    if not isinstance(entry.get("task", {}), dict):
        raise refused(f"{where}.task", entry["task"], "be a task as a profile's is")
    if "task" in entry:
        _check_task(params, entry["task"], f"{where}.task")


def _check_fit(params: Params, profile: str, method: str, where: str) -> None:
    try:
        field = params.field(profile, method)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where} in profile {profile}: ")) from None
    try:
        train = params.train(profile, method)
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{where}.train in profile {profile}: ")) from None
    entry = params.method(profile, method)
    kind = entry.get("task", params.profiles[profile].task)["kind"]
    if (of := OTHERS.get(kind, Images.kind)) != (has := params.profiles[profile].originals.kind):
        raise ConfigError(f"{where} in profile {profile}: task {kind} is of {of}, and the profile has {has}")
    if kind in OTHERS and field.needs_labels:
        raise ConfigError(f"{where} in profile {profile}: its field follows a map, and maps are of images")
    if kind in OTHERS and train.batch is None:
        raise ConfigError(f"{where}.train in profile {profile}: {has} are fitted in batches; set batch")
    if "map" in entry and not field.needs_labels:
        raise ConfigError(f"{where}.map: its field follows no map; it needs a segment gate or region_input")
    try:
        ways.that_take(field, params.task(profile, method).least_squares, train)
    except UserError as error:
        raise ConfigError(f"{where} in profile {profile}: {error}") from None
    if train.precision == "mixed" and not ways.mixes(field, params.task(profile, method).least_squares, train):
        raise ConfigError(f"{where}.train.precision in profile {profile}: its fit can only be computed in float32")
