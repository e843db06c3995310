"""How large the signals of a profile are, in words."""

from refield.reports.results import Scores
from refield.signals import Image, Signal, Views, Volume


def sizes(scores: Scores) -> str:
    """Of images in pixels, of volumes in voxels; of scenes how many views are held out, and how large they are."""

    def of(kind: type[Signal]) -> bool:
        return {*kind.axes} <= {*scores.rows} and bool(scores.rows[[*kind.axes]].notna().all(axis=None))

    if of(Views):
        found = sorted({tuple(size) for size in scores.rows[[*Views.axes]].to_numpy().tolist()})
        return " or ".join(f"{n:g} views held out of {width:g} x {height:g} pixels" for n, height, width in found)
    of_volumes = of(Volume)
    axes = Volume.axes if of_volumes else tuple(reversed(Image.axes))
    found = sorted({tuple(size) for size in scores.rows[[*axes]].to_numpy().tolist()}, reverse=True)
    words = [" x ".join(f"{side:g}" for side in size) for size in found]
    told = " or ".join(words) if len(words) < 4 else f"{len(words)} sizes"
    return f"{told} {'voxels' if of_volumes else 'pixels'}"
