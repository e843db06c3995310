"""Volume rendering: what a camera sees along a ray through matter that emits and absorbs light.

By the quadrature of Max, IEEE TVCG 1(2), 1995, as NeRF has it (Mildenhall et al., ECCV 2020,
https://arxiv.org/abs/2003.08934, equation 3). A sample stands for the part of its ray that is nearer to it than to any
other, where NeRF's stands for what lies between it and the next, and its last for all beyond: so the parts of a ray add
up to its length, and a constant density absorbs what it should, wherever the samples are.

Shapes: m rays of s samples, which ascend along each ray. Distances are in the unit of 1 / density.
"""

from jaxtyping import Float

from refield.arrays import Tensor

LEAST = 1e-5  # of a part's weight in `resample`: no part is never looked at


def stratified(
    near: Float[Tensor, "m 1"], far: Float[Tensor, "m 1"], places: Float[Tensor, "m s"]
) -> Float[Tensor, "m s"]:
    """Distances from the camera, one in each of s equal parts of [near, far]; `places` in [0, 1) say where in its part
    each is (NeRF, equation 2, where they are uniform random numbers)."""
    import torch

    count = places.shape[1]
    return near + (far - near) * (torch.arange(count, device=places.device) + places) / count


def edges(
    distances: Float[Tensor, "m s"], near: Float[Tensor, "m 1"], far: Float[Tensor, "m 1"]
) -> Float[Tensor, "m s1"]:
    """The s + 1 ends of the parts that samples stand for: near, the middles between neighbours, far."""
    import torch

    return torch.cat([near, (distances[:, 1:] + distances[:, :-1]) / 2, far], dim=1)


def weights(density: Float[Tensor, "m s"], lengths: Float[Tensor, "m s"]) -> Float[Tensor, "m s"]:
    """What each sample gives to its ray's colour: w_i = T_i (1 - exp(-sigma_i l_i)), where the transmittance
    T_i = exp(-sum_{j < i} sigma_j l_j) is what reaches it."""
    import torch

    depths = density * lengths
    # A product with ones above the diagonal sums what comes before, in the same order wherever it is computed.
    before = torch.ones(depths.shape[1], depths.shape[1], dtype=depths.dtype, device=depths.device).triu(1)
    return torch.exp(-(depths @ before)) * -torch.expm1(-depths)


def over_white(weight: Float[Tensor, "m s"], colour: Float[Tensor, "m s 3"]) -> Float[Tensor, "m 3"]:
    """The colour of each ray, in [0, 1] as those of samples are, where what is not absorbed shows white."""
    return (weight[:, None] @ colour).squeeze(1) + 1 - opacity(weight)[:, None]


def opacity(weight: Float[Tensor, "m s"]) -> Float[Tensor, " m"]:
    """What each ray loses on its way: 1 minus what is left of it at the end."""
    return weight.sum(dim=1)


def depth(
    weight: Float[Tensor, "m s"], distances: Float[Tensor, "m s"], far: Float[Tensor, "m 1"]
) -> Float[Tensor, " m"]:
    """The mean distance at which each ray ends, where what is not absorbed ends at `far`."""
    return (weight * distances).sum(dim=1) + (1 - opacity(weight)) * far[:, 0]


def resample(
    ends: Float[Tensor, "m s1"], weight: Float[Tensor, "m s"], places: Float[Tensor, "m f"]
) -> Float[Tensor, "m f"]:
    """f further distances, ascending, of the density that is constant in each part of a ray and in proportion to its
    weight (NeRF, section 5.2): the density's inverse distribution function at (i + place) / f."""
    import torch

    share = torch.cumsum(weight + LEAST, dim=1)
    share = torch.cat([torch.zeros_like(share[:, :1]), share / share[:, -1:]], dim=1)
    at = stratified(torch.zeros_like(share[:, :1]), torch.ones_like(share[:, :1]), places)
    part = torch.searchsorted(share, at, right=True).clamp(1, weight.shape[1])
    low, high = share.gather(1, part - 1), share.gather(1, part)
    first, last = ends.gather(1, part - 1), ends.gather(1, part)
    return first + (last - first) * (at - low) / (high - low)
