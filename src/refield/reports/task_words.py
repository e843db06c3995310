"""What a profile's task is, in words, and with which network it looks at what is fitted."""

from refield.config import Profile
from refield.study import in_words

MADE = ("network_file", "masks_file")  # by stages, of a profile that has a network to train


def task(profile: Profile) -> str:
    """Nothing for what is the task of most; no files that stages make, of which a path tells nothing."""
    left_out = ("kind", *(MADE if profile.unet else ()))
    own = {key: value for key, value in profile.task.items() if key not in left_out and not key.endswith("_sha256")}
    words = [str(profile.task["kind"]), *([in_words([*own], own.values())] if own else [])]
    return "" if words == ["represent"] else ", ".join(words)


def looks_with(profile: Profile) -> str:
    """The network that a stage trains for the task, and how; nothing of a profile without one."""
    if (unet := profile.unet) is None:
        return ""
    halved = "once" if unet.levels == 1 else f"{unet.levels} times"
    epochs = "once" if unet.epochs == 1 else f"{unet.epochs:,} times"
    rate = f"learning rate {unet.learning_rate:g}"
    return (
        f"a U-Net of {unet.width} channels that halves a picture {halved}, with twice as many channels each time. "
        f"It was trained before any fit, with the other pictures and masks that `sources/{unet.examples}` lists, each "
        f"of which it saw {epochs}, {unet.batch} at a step of Adam, {rate}, seed {unet.seed}; fits leave it as it is"
    )
