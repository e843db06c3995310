"""What was measured, in words: of which images, with which settings, on what machine and when."""

import pandas as pd

from refield.config import Params, Profile
from refield.papers import Paper
from refield.results import by_image

SOURCES = {
    "samples": "photographs that ship inside scikit-image",
    "kodak": "photographs of the Kodak suite",
    "folder": "own images",
}
FITS = {"native": "whole", "crop": "centre crops", "resize": "resized"}
COLORS = {"rgb": "RGB", "grey": "grey"}


def statement(profile: str, scores: pd.DataFrame, provenance: pd.DataFrame, params: Params, paper: Paper) -> str:
    """A Markdown list, and a paragraph on how the numbers compare with the published ones."""
    lines = [f"* Images: {_images(profile, scores, params)}."]
    if profile in params.profiles:
        settings = params.profiles[profile]
        network = {**params.network, **settings.network}
        activation = str(network.get("activation")).replace("_", " ")
        tiles = f", no tiles finer than A = {network['largest_a']:g}" if "largest_a" in network else ""
        lines.append(f"* Networks: width {network.get('width')}, {activation} activation{tiles}.")
        lines.append(f"* Training: {_training(settings)}; seed {_seeds(provenance, params)}.")
    lines.append(f"* Fitted: {_machines(provenance)}.")
    return "\n".join([*lines, "", *_warnings(profile, scores, provenance, params), _comparison(profile, params, paper)])


def scale(profile: str, scores: pd.DataFrame, params: Params) -> str:
    """The profile in half a line."""
    size = f"{scores['image'].nunique()} images, {_sizes(scores)}"
    if profile not in params.profiles:
        return size
    settings = params.profiles[profile]
    width, train = {**params.network, **settings.network}.get("width"), settings.train
    return f"{size}; width {width}; {train.iterations:,} iterations"


def not_run(profile: str, params: Params) -> str:
    """Why a profile has only dashes, and the command that fills them."""
    needs = "It needs a CUDA GPU: " if params.profiles[profile].device == "cuda" else "To run it: "
    return f"`{profile}` has not been run yet. {needs}`dvc exp run -S 'runs=[{profile}]'`."


def _images(profile: str, scores: pd.DataFrame, params: Params) -> str:
    names = sorted(scores["image"].unique())
    if profile not in params.profiles:
        return f"{len(names)}, {_sizes(scores)}"
    images = params.profiles[profile].images
    listed = f" ({', '.join(names)})" if images.names != "all" else ""
    made = f"{FITS[images.fit]}, {_sizes(scores)}, {COLORS[images.color]}"
    return f"{len(names)} {SOURCES[images.source]}{listed}, {made}"


def _sizes(scores: pd.DataFrame) -> str:
    sizes = sorted({tuple(pair) for pair in scores[["width", "height"]].to_numpy().tolist()}, reverse=True)
    words = [f"{width} x {height}" for width, height in sizes]
    return f"{' or '.join(words) if len(words) < 4 else f'{len(words)} sizes'} pixels"


def _training(profile: Profile) -> str:
    train = profile.train
    schedule = "constant" if train.schedule == "constant" else f"{train.schedule} to {train.final_factor:g} of it"
    target = ", values on [0, 1]" if train.target == "unit" else ""
    steps = f"{train.iterations:,} iterations of full-batch Adam"
    return f"{steps}, learning rate {train.learning_rate:g}, {schedule}{target}"


def _seeds(provenance: pd.DataFrame, params: Params) -> str:
    return _listing(provenance, "seed") if len(provenance) and "seed" in provenance else str(params.seed)


def _machines(provenance: pd.DataFrame) -> str:
    if provenance.empty:
        return "it is not known where and when"
    first, last = provenance["date"].min(), provenance["date"].max()
    days = first if first == last else f"{first} to {last}"
    device, precision, torch = (_listing(provenance, column) for column in ("device", "precision", "torch"))
    return f"{days} on {device}, {precision}, torch {torch}"


def _listing(table: pd.DataFrame, column: str) -> str:
    return ", ".join(sorted(map(str, table[column].unique())))


def _warnings(profile: str, scores: pd.DataFrame, provenance: pd.DataFrame, params: Params) -> list[str]:
    warnings = [] if profile in params.profiles else [f"params.yaml no longer has a profile {profile}."]
    psnr = by_image(scores)
    for method, count in psnr.isna().sum().items():
        if count:
            scored = f"{method} was scored on {len(psnr) - count} of {len(psnr)} images"
            warnings.append(f"{scored}; its averages do not compare.")
    return [line for warning in warnings for line in (f"**{warning}**", "")]


def _comparison(profile: str, params: Params, paper: Paper) -> str:
    if profile not in params.profiles:
        return "The published numbers stand beside for reference only."
    differences = paper.protocol.differences(params.profiles[profile])
    if not differences:
        return "This is the paper's own scale: the differences are those of the reproduction."
    return (
        f"This profile departs from the paper's protocol ({'; '.join(differences)}). The published numbers "
        "stand beside for reference; a difference from them is not one between two measurements of the same thing."
    )
