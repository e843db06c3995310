"""Steps for a fitted field's weights, so that its file has a size or a quality: sought on the files themselves.

A tensor's step is lambda / sqrt(h), where h says by how much the values' mean squared error rises with that of one of
its weights: it is measured by quantising each tensor alone. Of all steps that make a file of one size these do least
harm, as long as they are small (each weight then costs the same error per bit). Lambda is what is left to be sought.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from refield.coding.description import Description
from refield.coding.file import Coded, encode
from refield.coding.tensors import Half, Quantised, quantise
from refield.scores.metrics import psnr_8bit
from refield.signals.image import Image, as_image
from refield.units.decode import Model

PROBE = 1 / 32  # step of the tensor that is quantised alone, in root mean squares of its weights
FINENESS = 8  # values of lambda between one and its double
LAMBDAS = range(-20 * FINENESS, 4 * FINENESS)  # exponents of 2^(1/8)
AROUND = 2  # neighbours that are tried as well: sizes and errors do not rise quite steadily


class Candidate(NamedTuple):
    """A file, and how good its picture is."""

    data: bytes
    coded: Coded
    psnr: float  # dB, of 8-bit values


class Search:
    """Files of one fitted image. Each candidate is decoded as others will decode it, and held against the original."""

    def __init__(
        self, about: Description, weights: Mapping[str, np.ndarray], image: Image, labels: np.ndarray | None = None
    ) -> None:
        self.about, self.weights, self.image, self.labels = about, weights, image, labels
        self._made: dict[int, Candidate] = {}

    def half(self) -> Candidate:
        """The file of weights in half precision; `UserError` if that cannot hold them."""
        tensors = {name: Half.of(array) for name, array in self.weights.items()}
        return self.candidate(tensors)

    def finest(self) -> Candidate:
        return self._at(LAMBDAS[0])

    def coarsest(self) -> Candidate:
        return self._at(LAMBDAS[-1])

    def within(self, size: int) -> Candidate | None:
        """The file of the highest PSNR that has at most so many bytes; None if even the coarsest steps make more."""
        first = bisect_left(LAMBDAS, True, key=lambda exponent: len(self._at(exponent).data) <= size)
        fitting = [each for each in self._around(first) if len(each.data) <= size]
        return max(fitting, key=lambda each: (each.psnr, -len(each.data)), default=None)

    def reaching(self, psnr: float) -> Candidate:
        """The smallest file of at least this PSNR in dB, which the finest steps reach."""
        first = bisect_left(LAMBDAS, True, key=lambda exponent: self._at(exponent).psnr < psnr)
        good = [each for each in self._around(first) if each.psnr >= psnr]
        return min(good, key=lambda each: len(each.data), default=self.finest())

    def candidate(self, tensors: Mapping[str, Quantised] | Mapping[str, Half]) -> Candidate:
        """The file of these tensors."""
        coded = Coded(self.about, self.image.shape, tensors, self.labels)
        return Candidate(encode(coded), coded, psnr_8bit(self.image.pixels, as_image(coded.signal()).pixels))

    def squared_error(self, tensors: Mapping[str, Quantised]) -> float:
        """The mean squared error of the intensities on [-1, 1], neither clamped nor rounded, with these tensors."""
        found = self._values({name: tensor.values for name, tensor in tensors.items()})
        return float(np.mean((found - self.image.values()) ** 2))

    def _around(self, index: int) -> list[Candidate]:
        return [self._at(exponent) for exponent in LAMBDAS[max(0, index - AROUND) : index + AROUND + 1]]

    def _at(self, exponent: int) -> Candidate:
        if exponent not in self._made:
            self._made[exponent] = self._quantised(2 ** (exponent / FINENESS))
        return self._made[exponent]

    def _quantised(self, lambda_: float) -> Candidate:
        sensitivities = self._sensitivities
        tensors = {name: quantise(array, lambda_ / sensitivities[name]) for name, array in self.weights.items()}
        return self.candidate(tensors)

    @cached_property
    def _sensitivities(self) -> dict[str, float]:
        """sqrt(h) by tensor; at least a little, for tensors that change nothing."""
        values, found = self._values({}), {}
        for name, array in self.weights.items():
            probe = PROBE * math.sqrt(float(np.mean(np.square(array, dtype=np.float64)))) or 1.0
            moved = quantise(array, probe).values
            harm = float(np.mean((self._values({name: moved}) - values) ** 2))
            error = float(np.mean((moved - array) ** 2)) * array.size
            found[name] = math.sqrt(harm / error) if error else 0.0
        least = 1e-3 * max(found.values())
        return {name: max(each, least) or 1.0 for name, each in found.items()}

    def _values(self, changed: Mapping[str, np.ndarray]) -> np.ndarray:
        about = self.about
        weights = {**self.weights, **changed}
        model = Model(about.field, weights, about.signal, about.dims, about.channels, about.target)
        return model.render(self.image.shape, self.labels)
