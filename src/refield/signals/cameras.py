"""Pinhole cameras that look at the box [-1, 1]^3, which holds a scene."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

AXES_OFF = 1e-3  # at most: of files that round their numbers


@dataclass(frozen=True, eq=False)
class Cameras:
    """Cameras of one size and focal length, whose axes are as Blender and OpenGL have them: x points right, y up, and
    a camera looks along -z."""

    poses: Float64[np.ndarray, "n 4 4"]  # from a camera's coordinates to those of the box
    focal: float  # pixels
    height: int
    width: int

    def __len__(self) -> int:
        return len(self.poses)

    def some(self, which: slice) -> "Cameras":
        return Cameras(self.poses[which], self.focal, self.height, self.width)


def is_pose(matrix: Float64[np.ndarray, "4 4"]) -> bool:
    """Whether it is a rotation and a place, without scale or mirror."""
    turn = matrix[:3, :3]
    return bool(
        np.isfinite(matrix).all()
        and np.abs(turn.T @ turn - np.eye(3)).max() < AXES_OFF
        and np.linalg.det(turn) > 0
        and (matrix[3] == [0, 0, 0, 1]).all()
    )


def looking(
    place: Float64[np.ndarray, " 3"], up: tuple[float, float, float] = (0.0, 0.0, 1.0)
) -> Float64[np.ndarray, "4 4"]:
    """The pose of a camera at a place, which is not above or below the centre, that looks at the centre."""
    back = place / np.linalg.norm(place)
    right = np.cross(np.array(up), back)
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3] = np.stack([right, np.cross(back, right), back, place], axis=1)
    return pose
