"""Ways of coding one and the same fit, each a step further than the last; all make files of docs/format.md.

`half` is what COIN (Dupont et al., 2021) counts, `uniform` with `rounded` and `aware` the recipe of Struempler et al.
(ECCV 2022). Torch is imported by those that learn, when they do.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from refield.coding.search import Candidate, Search
from refield.coding.settings import Coding
from refield.coding.tensors import Quantised, quantise, step_of_bits

Setting = float


@dataclass(frozen=True)
class Variant:
    """One way of coding: its settings, and the file that it makes for one of them."""

    settings: Callable[[Coding], dict[str, Setting]]  # by the words that a table has for each
    code: Callable[[Search, Setting, Coding, str], Candidate | None]  # on a device; None if no file is as small


def _half(search: Search, setting: Setting, coding: Coding, device: str) -> Candidate:
    return search.half()


def _uniform(search: Search, bits: Setting, coding: Coding, device: str) -> Candidate:
    """One symmetric step a tensor, whose symbols take so many bits at most; then they are entropy-coded."""
    return search.candidate(
        {name: quantise(array, step_of_bits(array, int(bits))) for name, array in search.weights.items()}
    )


def _steps(search: Search, bits: Setting, coding: Coding, device: str) -> Candidate | None:
    """Steps by sensitivity, so fine as a file of so many bits per weight has room for."""
    weights = sum(array.size for array in search.weights.values())
    return search.within(math.floor(bits * weights / 8))


def _rounded(search: Search, bits: Setting, coding: Coding, device: str) -> Candidate | None:
    """The steps of `steps`, and weights rounded by the image's error: nearly the same bytes, and a better picture."""
    return _learned(search, bits, coding, device, train=False)


def _aware(search: Search, bits: Setting, coding: Coding, device: str) -> Candidate | None:
    """The same, and then training that knows of the steps."""
    return _learned(search, bits, coding, device, train=True)


def _learned(search: Search, bits: Setting, coding: Coding, device: str, *, train: bool) -> Candidate | None:
    from refield.coding.aware import trained
    from refield.coding.rounding import rounded

    start = _steps(search, bits, coding, device)
    if start is None:
        return None
    tensors = start.coded.tensors.items()
    found = rounded(search, {name: each for name, each in tensors if isinstance(each, Quantised)}, coding, device)
    return search.candidate(trained(search, found, coding, device) if train else found)


def _bits_per_weight(coding: Coding) -> dict[str, Setting]:
    return {f"{bits:g} bit/weight": bits for bits in coding.bits_per_weight}


VARIANTS: dict[str, Variant] = {
    "half": Variant(lambda _: {"16 bit": 16}, _half),
    "uniform": Variant(lambda coding: {f"{bits} bit": bits for bits in coding.bits}, _uniform),
    "steps": Variant(_bits_per_weight, _steps),
    "rounded": Variant(_bits_per_weight, _rounded),
    "aware": Variant(_bits_per_weight, _aware),
}
