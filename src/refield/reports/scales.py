"""How a profile's scale compares with that of the published numbers, in a paragraph, and what its methods are told."""

from collections.abc import Iterable

from refield.config import Params, Profile
from refield.papers import Paper
from refield.tasks.inpaint import Inpaint
from refield.tasks.superresolve import Superresolve

DEVICES = {"auto": "", "cpu": ", fitted on a CPU", "cuda": ", fitted on a GPU"}


def told_by_regions(profile: str, methods: Iterable[str], params: Params) -> list[str]:
    """The methods that follow regions of what a profile hides from its fits."""
    if not isinstance(params.task(profile), Inpaint | Superresolve):
        return []
    return [method for method in methods if params.map(profile, method)]


def compared(profile: Profile | None, known: Paper, paper: Paper) -> str:
    """`known` is what the paper says of the profile's task; None is a profile that params.yaml no longer has."""
    if profile is None:
        return "The published numbers stand beside for reference only."
    differences = known.protocol.differences(profile)
    if not known.tables:
        printed = any(row.average is not None or row.also for row in paper.rows)
        about = "of this task and these images" if printed else "known"
        return f"No published number is {about}; none stands beside."
    if known.protocol.has_some_images_of(profile):
        return _of_some_images(profile, known)
    departs = f"This profile departs from the paper's protocol ({'; '.join(differences)})."
    if not known.published:
        scale = departs if differences else "This is the paper's own scale."
        return f"{scale} The paper prints no averages that could stand beside."
    if not differences and paper.measured_apart:
        return f"This is the paper's own scale, but {paper.measured_apart}; the differences are those of both."
    if not differences:
        return "This is the paper's own scale: the differences are those of the reproduction."
    return (
        f"{departs} The published numbers stand beside for reference; a difference from them is not one between two "
        "measurements of the same thing."
    )


def _of_some_images(profile: Profile, known: Paper) -> str:
    images = known.protocol.images
    return (
        f"This is the paper's own scale{DEVICES[profile.device]}, and {len(profile.originals.names)} of its {images} "
        f"images: each fit stands beside the extremes that are published of all {images}, and no average beside an "
        "average."
    )
