"""The surface of a fitted solid, as a mesh: where the field's value is halfway between empty and occupied.

By marching cubes in the variant of Lewiner et al. (Journal of Graphics Tools 8(2), 2003), as scikit-image has it.
"""

import numpy as np

from refield.errors import UserError
from refield.fitting.evaluate import evaluate
from refield.fitting.train import SPANS
from refield.signals.meshes import Mesh
from refield.signals.volume import Volume
from refield.units.decode import Model


def surface(model: Model, shape: tuple[int, ...]) -> Mesh:
    """The mesh around what a field takes for occupied, from its values at the voxels of a volume of `shape`.

    Coordinates are in voxels, from the first one's centre. Around the box all is empty, so that the mesh is closed.
    `UserError` if the field is one of images, has values that are no numbers, or is nowhere occupied.
    """
    from skimage.measure import marching_cubes

    if model.signal is not Volume:
        raise UserError(f"{model.file or 'the model'} is no fit of a volume, and so has no surface")
    volume, span = Volume.blank(shape, model.channels), SPANS[model.target]
    values = np.full([side + 2 for side in shape], -1.0, np.float32)
    inside = values[1:-1, 1:-1, 1:-1]
    for slab in volume.slabs():
        found = evaluate(model.field, model.weights, volume.points_of(slab))
        inside[slab] = (span * found - (span - 1)).reshape(inside[slab].shape)
    if not np.isfinite(values).all():
        raise UserError(f"{model.file or 'the model'}: the field has values that are no numbers")
    if values.max() <= 0:
        raise UserError(f"{model.file or 'the model'}: the field is nowhere occupied, and so has no surface")
    # In scikit-image's words: its triangles turn outward where values ascend towards the inside.
    vertices, faces, _, _ = marching_cubes(values, 0.0, gradient_direction="ascent", allow_degenerate=False)
    return Mesh(vertices.astype(np.float64) - 1, faces.astype(np.int64))
