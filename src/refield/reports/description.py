"""What was measured, in words: of which images, and with which settings."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from refield.config import Params, Profile
from refield.originals import Images, Originals, Scenes, Volumes
from refield.papers import Paper
from refield.reports.network import each, network, own_widths
from refield.reports.results import Scores
from refield.reports.scales import compared, told_by_regions
from refield.reports.sizes import sizes
from refield.reports.task_words import looks_with, task
from refield.study import in_words
from refield.tasks.represent import Represent
from refield.units.scoring import FLOAT32

SOURCES = {
    "samples": "photographs that ship inside scikit-image",
    "kodak": "photographs of the Kodak suite",
    "folder": "own images",
    "addresses": "pictures by address",
    "lgg": "FLAIR images of brains with gliomas",
    "solids": "own solids",
    "views": "scenes, of views with poses",
}
OF_VOLUMES = {"addresses": "solids by address"}  # as others call them
NOUNS = {Images.kind: "image", Volumes.kind: "volume", Scenes.kind: "scene"}
FRAMES = {"native": "whole", "crop": "centre crops", "resize": "resized", "corner": "top left parts, resized"}
COLORS = {"rgb": "RGB", "grey": "grey"}
COORDINATES = {"square": "", "isotropic": ", coordinates of one scale on both axes"}
PRECISIONS = {"float32": "float32", "mixed": "mixed precision"}


def measured(profiles: Iterable[str], params: Params, bits_per_weight: int = FLOAT32) -> str:
    """What the measures of some profiles are, and how many bits a weight counts, by the paper or by us."""
    known = [profile for profile in profiles if profile in params.profiles]
    tasks = [params.task(profile) for profile in known]
    regions = next((task.iou_regions for task in tasks if isinstance(task, Represent)), None)
    volumes = any(params.profiles[profile].volumes for profile in known)
    ious = [f"that of {regions} luminance regions, cut at the original's Multi-Otsu thresholds"] if regions else []
    ious += ["of volumes that of voxels" if ious else "that of voxels"] if volumes else []
    told = f"; IoU is {', and '.join(ious)}" if ious else ""
    whose = "" if bits_per_weight == FLOAT32 else ", as the paper does"
    return (
        f"PSNR in dB and SSIM are taken on the 8-bit reconstruction and averaged over images{told}. Bits per pixel "
        f"(bpp){', and of volumes per voxel,' * volumes} count all weights as {bits_per_weight}-bit floats{whose}, "
        "and the losslessly coded map where a method needs one."
    )


def entry(profile: str, params: Params) -> Mapping[str, Any]:
    """A profile's task as params.yaml has it, and what a paper's table may ask for beside: the names of its originals,
    their longer side, the width of its network and its iterations; the task of most, where it has no such profile."""
    if (settings := params.profiles.get(profile)) is None:
        return {"kind": "represent"}
    long = settings.originals.long if isinstance(settings.originals, Images) else None
    beside = {"long": long, "width": settings.network.get("width"), "iterations": settings.train.iterations}
    return {**beside, **settings.task, "names": settings.originals.names}


def said(profile: str, params: Params, paper: Paper) -> Paper:
    """What the paper says of a profile's task and methods; of levels, only if its signals are the paper's. Averages
    and claims are about all of its images: of some of them it says nothing."""
    known = paper.of(entry(profile, params))
    settings = params.profiles.get(profile)
    if has_some_images(profile, params, paper):
        return known.model_copy(update={"claims": [], "tables": []})
    others = set() if settings is None else params.methods.keys() - params.methods_of(profile).keys()
    levels = settings is not None and known.protocol.has_signals_of(settings)
    claims = [each for each in known.claims if others.isdisjoint(each.methods) and (levels or each.least is None)]
    return known.model_copy(update={"claims": claims})


def has_some_images(profile: str, params: Params, paper: Paper) -> bool:
    """Whether a profile is at the paper's own scale, and has some of its images."""
    settings = params.profiles.get(profile)
    return settings is not None and paper.of(entry(profile, params)).protocol.has_some_images_of(settings)


def kind(profile: str, params: Params) -> str:
    """The kind of a profile's task."""
    return str(entry(profile, params)["kind"])


def statement(profile: str, scores: Scores, params: Params, paper: Paper) -> str:
    """A Markdown list, and a paragraph on how the numbers compare with the published ones."""
    lines = [f"Images: {_images(profile, scores, params)}."]
    if profile in params.profiles:
        settings = params.profiles[profile]
        if words := task(settings):
            lines.append(f"Task: {words}.")
        if looks := looks_with(settings):
            lines.append(f"What sees the mask: {looks}.")
        if networks := network(settings, params):
            lines.append(f"Networks: {networks}.")
        widths = own_widths(profile, _scored(scores, params), params)
        lines += [f"Networks of width {width}: {'; '.join(map(paper.label, own))}." for width, own in widths.items()]
        if paper.elsewhere and not paper.of(entry(profile, params)).protocol.has_signals_of(settings):
            lines.append(paper.elsewhere)
        lines.append(f"Training: {training(settings)}; seed {params.seed}.")
        for name in told_by_regions(profile, _scored(scores, params), params):
            lines.append(f"{paper.label(name)} follows regions of the whole original, which tell it of what is hidden.")
        lines += [f"Training of {paper.label(name)}: {own}." for name, own in _own_training(profile, scores, params)]
    listed = [f"* {line}" for line in lines]
    comparison = compared(params.profiles.get(profile), paper.of(entry(profile, params)), paper)
    return "\n".join([*listed, "", *_warnings(profile, scores, params), comparison])


def scale(profile: str, scores: Scores, params: Params) -> str:
    """The profile in half a line."""
    count = scores.rows["image"].nunique()
    size = f"{count} {noun(profile, params)}{'s' * (count != 1)}, {sizes(scores)}"
    if profile not in params.profiles:
        return size
    settings = params.profiles[profile]
    width = settings.network.get("width", params.network.get("width"))
    words = [size, task(settings), width and f"width {each(width)}", f"{settings.train.iterations:,} iterations"]
    return "; ".join(word for word in words if word)


def noun(profile: str, params: Params) -> str:
    """What a profile's signals are, one of them: an image where params.yaml no longer has it."""
    return NOUNS[params.profiles[profile].originals.kind if profile in params.profiles else Images.kind]


def not_run(profile: str, params: Params, paper: Paper) -> str:
    """Why a profile has only dashes, and the command that fills them."""
    needs = "It needs a CUDA GPU: " if params.profiles[profile].device == "cuda" else "To run it: "
    return f"`{profile}` has not been run yet. {needs}`{command(profile, params, paper)}`."


def command(profile: str, params: Params, paper: Paper) -> str:
    """What runs a profile; one that asks for a CPU would be refused where that takes hours, unless it is insisted."""
    insisted = "REFIELD_DEVICE=cpu " if profile in params.profiles and params.profiles[profile].device == "cpu" else ""
    file, target = (f"{paper.pipeline}/params.yaml:", f" {paper.pipeline}/dvc.yaml") if paper.pipeline else ("", "")
    return f"{insisted}dvc exp run -S '{file}runs=[{profile}]'{target}"


def _images(profile: str, scores: Scores, params: Params) -> str:
    names = sorted(scores.rows["image"].unique())
    if profile not in params.profiles:
        return f"{len(names)}, {sizes(scores)}"
    images = params.profiles[profile].originals
    listed = f" ({', '.join(names)})" if images.names != "all" else ""
    if isinstance(images, Volumes | Scenes):
        return f"{counted(len(names), images)} ({', '.join(names)}), {sizes(scores)}"
    assert isinstance(images, Images)
    made = f"{FRAMES[images.frame]}, {sizes(scores)}, {COLORS[images.color]}{COORDINATES[images.coordinates]}"
    return f"{counted(len(names), images)}{listed}, {made}"


def source(originals: Originals) -> str:
    """Where a profile's signals come from, in words."""
    return (OF_VOLUMES if isinstance(originals, Volumes) else SOURCES).get(originals.source, SOURCES[originals.source])


def counted(count: int, originals: Originals) -> str:
    """How many signals there are, and where they come from."""
    words = source(originals)
    if count == 1:
        words = re.sub(r"\b(photograph|picture|image|solid|scene)s\b", r"\1", words).replace("that ship", "that ships")
    return f"{count} {words}"


def training(profile: Profile) -> str:
    """How a profile's fits are trained."""
    train = profile.train
    schedule = "constant" if train.schedule == "constant" else f"{train.schedule} to {train.final_factor:g} of it"
    target = ", values on [0, 1]" if train.target == "unit" else ""
    samples = "rays" if isinstance(profile.originals, Scenes) else "points"
    adam = f"Adam on batches of {train.batch:,} {samples}" if train.batch else "full-batch Adam"
    rate = f"learning rate {train.learning_rate:g}, {schedule}"
    return f"{train.iterations:,} iterations of {adam} in {PRECISIONS[train.precision]}, {rate}{target}"


def _own_training(profile: str, scores: Scores, params: Params) -> list[tuple[str, str]]:
    """The scored methods that are trained in a way of their own, and in which."""
    own = {method: params.method(profile, method).get("train", {}) for method in _scored(scores, params)}
    return [(method, in_words([*train], train.values())) for method, train in own.items() if train]


def _scored(scores: Scores, params: Params) -> list[str]:
    """The scored methods that params.yaml has."""
    return [str(method) for method in dict.fromkeys(scores.rows["method"]) if method in params.methods]


def _warnings(profile: str, scores: Scores, params: Params) -> list[str]:
    warnings = [] if profile in params.profiles else [f"params.yaml no longer has a profile {profile}."]
    psnr = scores.by_image()
    for method, count in psnr.isna().sum().items():
        if count:
            scored = f"{method} was scored on {len(psnr) - count} of {len(psnr)} images"
            warnings.append(f"{scored}; its averages do not compare.")
    return [line for warning in warnings for line in (f"**{warning}**", "")]
