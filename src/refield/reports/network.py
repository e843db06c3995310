"""What the networks of a profile are, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from refield.config import Params, Profile


def network(profile: Profile, params: Params) -> str:
    """What holds for all methods that say nothing else."""
    own, words = _defaults(profile, params), []
    if "width" in own:
        words.append(f"width {each(own['width'])}")
    if "activation" in own:
        words.append(_activation(own["activation"]))
    if "largest_a" in own:
        words.append(f"no tiles finer than A = {own['largest_a']:g}")
    return ", ".join(words)


def own_widths(profile: str, methods: Iterable[str], params: Params) -> dict[str, list[str]]:
    """The methods whose networks have another width than `network` says, by that; none where it says none."""
    common, found = _defaults(params.profiles[profile], params).get("width"), dict[str, list[str]]()
    for method in methods if common is not None else ():
        width = getattr(params.field(profile, method), "width", common)
        if (said := each(width)) != each(common):
            found.setdefault(said, []).append(method)
    return found


def _defaults(profile: Profile, params: Params) -> Mapping[str, Any]:
    """What is said of the networks of a profile, and of those of its kind of field."""
    own: Mapping[str, Any] = {**params.network, **profile.network}
    kind = str(own.get("field"))
    return {**own, **params.network.get(kind, {}), **profile.network.get(kind, {})}


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
    return ", ".join(map(str, width)) if isinstance(width, list | tuple) else str(width)
