"""What the networks of a profile are, in words."""

from collections.abc import Mapping
from typing import Any

from refield.config import Params, Profile


def network(profile: Profile, params: Params) -> str:
    """What holds for all methods that say nothing else."""
    own: Mapping[str, Any] = {**params.network, **profile.network}
    kind = str(own.get("field"))
    own = {**own, **params.network.get(kind, {}), **profile.network.get(kind, {})}
    words = []
    if "width" in own:
        words.append(f"width {each(own['width'])}")
    if "activation" in own:
        words.append(_activation(own["activation"]))
    if "largest_a" in own:
        words.append(f"no tiles finer than A = {own['largest_a']:g}")
    return ", ".join(words)


def _activation(entry: Any) -> str:
    """One for all layers, one for each, or those that a search chooses from."""
    if isinstance(entry, str):
        return f"{_plain(entry)} activation"
    names = entry["dictionary"] if isinstance(entry, dict) else entry
    listed = ", ".join(map(_plain, names))
    return f"activations chosen from {listed}" if isinstance(entry, dict) else f"activations {listed}"


def _plain(name: object) -> str:
    return str(name).replace("_", " ")


def each(width: Any) -> str:
    return ", ".join(map(str, width)) if isinstance(width, list) else str(width)
