"""Radiance fields: a field of density and colour is fitted to posed views of a scene, and scored by views held out.

As NeRF (Mildenhall et al., ECCV 2020, https://arxiv.org/abs/2003.08934), but for these: the field knows no direction
from which it is seen; its box is [-1, 1]^3, and rays are followed where they cross it; one field takes coarse and fine
samples, where NeRF has a network for each; the density is a shifted softplus, whose slope nowhere vanishes, in the
place of a rectifier (as in mip-NeRF, Barron et al., ICCV 2021, https://arxiv.org/abs/2103.13415).
"""

from typing import ClassVar

import numpy as np
from jaxtyping import Float, Float64, Integer
from pydantic import Field

from refield.arrays import Tensor
from refield.errors import UserError
from refield.scores import metrics
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.signal import Signal
from refield.signals.views import Views, as_views
from refield.strict import Strict
from refield.tasks.compositing import depth, edges, opacity, over_white, resample, stratified, weights
from refield.tasks.problem import Evaluate, Problem
from refield.tasks.rays import OF_RAY, Rays, Seen, Traced

# A density is DENSITY softplus(v - SHIFT) of a field's value v. Of 0 it is 0.5, so that a scene, whose box is 2 long,
# begins as a thin fog; of 8, which fields that start around 0 reach soon, it is opaque within a few samples.
DENSITY, SHIFT = 10.0, 3.0


class Radiance(Strict):
    """Fit a scene to views of it, and score those that are held out."""

    samples: int = Field(64, ge=2, le=1024)  # along a ray, in as many equal parts of its way through the box
    fine: int = Field(0, ge=0, le=1024)  # further ones, where the first found something

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (PSNR, SSIM)
    only_scores: ClassVar[frozenset[str]] = frozenset()

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """The colours of all rays of the views that are seen; `UserError` if none are, or for a map of regions."""
        views, along = as_views(signal), self.samples + self.fine
        if labels is not None:
            raise UserError("has views, and maps of regions are of images; a field that follows one cannot be fitted")
        if not views.seen:
            raise UserError("has no views to fit a field to; all of them are held out")
        return Traced(
            np.empty((0, 3)),
            np.empty((0, 3)),
            views.channels,
            samples=Rays(views, slice(views.seen), along),
            held_out=Rays(views, slice(views.seen, None), along),
            see=self.see,
            along=along,
        )

    def see(self, evaluate: Evaluate, rays: Float64[Tensor, "m r"]) -> Seen:
        """What rays see: of a field's values density is 10 softplus(first - 3), and colour the sigmoid of the others.

        A row of `rays` is as `Rays` makes it. The fine samples' places have no gradient, as in NeRF.
        """
        import torch

        near, far = rays[:, OF_RAY - 2 : OF_RAY - 1], rays[:, OF_RAY - 1 : OF_RAY]
        coarse, fine = rays[:, OF_RAY:].split([self.samples, self.fine], dim=1)
        distances = stratified(near, far, coarse)
        if self.fine:
            with torch.no_grad():
                ends = edges(distances, near, far)
                found = weights(_field(evaluate, rays, distances)[0].to(ends.dtype), ends.diff(dim=1))
                distances = torch.cat([distances, resample(ends, found, fine)], dim=1).sort(dim=1).values
        density, colour = _field(evaluate, rays, distances)
        weight = weights(density, edges(distances, near, far).diff(dim=1).to(density.dtype))
        return Seen(over_white(weight, colour), opacity(weight), depth(weight, distances.to(weight), far.to(weight)))

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The held-out views, of the colour and the opacity of each of their rays."""
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB and SSIM of the held-out 8-bit views over white, each the mean over views."""
        truth, found = as_views(signal), as_views(estimate)
        if truth.shape != found.shape:
            raise UserError(f"has {_size(truth)}, and its estimate {_size(found)}; both must be of one size")
        pairs = [
            (one[..., :3], other[..., :3])
            for one, other in zip(truth.held_out.pixels, found.held_out.pixels, strict=True)
        ]
        return {
            PSNR.name: float(np.mean([metrics.psnr_8bit(*pair) for pair in pairs])),
            SSIM.name: float(np.mean([metrics.ssim(*pair) for pair in pairs])),
        }


def _field(
    evaluate: Evaluate, rays: Float64[Tensor, "m r"], distances: Float64[Tensor, "m s"]
) -> tuple[Float[Tensor, "m s"], Float[Tensor, "m s 3"]]:
    """Density and colour at some distances along rays."""
    import torch

    points = rays[:, None, :3] + distances[:, :, None] * rays[:, None, 3:6]
    # Rounding may leave the box by a little, and rays that miss it have no place in it.
    values = evaluate(points.clamp(-1, 1).reshape(-1, 3), None).reshape(*distances.shape, 4)
    return DENSITY * torch.nn.functional.softplus(values[..., 0] - SHIFT), torch.sigmoid(values[..., 1:])


def _size(views: Views) -> str:
    count, height, width = views.shape
    return f"{count} held-out views of {width} x {height} pixels"
