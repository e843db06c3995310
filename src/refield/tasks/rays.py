"""The rays of cameras' pixels, and problems of which the values are those of rays."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jaxtyping import Float64, Integer

from refield.arrays import Tensor
from refield.signals.cameras import Cameras
from refield.signals.views import Views
from refield.tasks.problem import Batch, Evaluate
from refield.tasks.samples import Drawn, Samples

OF_RAY = 8  # columns: origin, direction, near, far


class Rays:
    """The pixels of views as samples: a number counts them view by view, row by row.

    A row of `points` is a ray: its origin, its direction, the distances where it enters and leaves the box, and for
    each sample along it where in its part it lies, here in the middle. Its target is the colour over white.
    """

    def __init__(self, views: Views, which: slice, samples: int) -> None:
        self.pixels, self.cameras, self.samples = views.pixels[which, ..., :3], views.cameras.some(which), samples

    def __len__(self) -> int:
        return self.pixels[..., 0].size

    def on(self, like: Tensor) -> Callable[[Tensor], Batch]:
        """The pictures and poses go to the device, and rays are made there: all of them would take a hundred times the
        memory that pictures do."""
        import torch

        pixels = torch.tensor(self.pixels, device=like.device).reshape(-1, 3)
        cast = caster(self.cameras, like)

        def batch(numbers: Tensor) -> Batch:
            middle = torch.full((len(numbers), self.samples), 0.5, dtype=torch.float64, device=like.device)
            points = torch.cat([cast(numbers), middle], dim=1)
            return Batch(points, None, pixels[numbers].to(like.dtype) / 127.5 - 1, None)

        return batch


@dataclass(frozen=True)
class Traced(Drawn):
    """A problem whose samples are rays: what is compared with their targets is what `see` makes of a field's values
    along them. In the end `held_out` rays are looked at, and their values are a colour and an opacity each."""

    see: Callable[[Evaluate, Tensor], "Seen"] = field(kw_only=True)
    held_out: Samples = field(kw_only=True)
    along: int = field(kw_only=True)  # samples of a ray


@dataclass(frozen=True)
class Seen:
    """What rays see."""

    colour: Tensor  # (m, 3) in [0, 1], over white
    opacity: Tensor  # (m,) in [0, 1]
    depth: Tensor  # (m,) the distance from the camera, in the box's unit


def caster(cameras: Cameras, like: Tensor) -> Callable[[Integer[Tensor, " m"]], Float64[Tensor, "m 8"]]:
    """What makes the rays through the centres of pixels, by their numbers.

    A direction has length 1. A ray that misses the box has a far end as near as its near one, at distance 0.
    """
    import torch

    poses = torch.tensor(cameras.poses, device=like.device)
    height, width, focal = cameras.height, cameras.width, cameras.focal

    def cast(numbers: Tensor) -> Tensor:
        pose = poses[numbers // (height * width)]
        row, column = (numbers // width % height).double(), (numbers % width).double()
        right, up = (column + 0.5 - width / 2) / focal, (height / 2 - 0.5 - row) / focal
        pointing = torch.stack([right, up, -torch.ones_like(right)], dim=1)
        direction = (pose[:, :3, :3] @ pointing[:, :, None]).squeeze(2)
        direction = direction / direction.norm(dim=1, keepdim=True)
        origin = pose[:, :3, 3]
        # Slabs: between two sides of the box a ray is from one distance to another, of all three at once in the box.
        sides = torch.stack([(-1 - origin) / direction, (1 - origin) / direction])
        near = sides.amin(dim=0).amax(dim=1, keepdim=True).clamp(min=0)
        far = sides.amax(dim=0).amin(dim=1, keepdim=True)
        ends = torch.cat([near, far], dim=1)
        return torch.cat([origin, direction, ends.where(far > near, torch.zeros_like(ends))], dim=1)

    return cast
