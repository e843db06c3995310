"""The voxeliser against a mesh library's own test of what lies inside, against volumes, and against open surfaces."""

import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import trimesh
from trimesh import creation, transformations

from refield.errors import UserError
from refield.signals import meshes, voxels
from refield.signals.meshes import Mesh

TURN = transformations.rotation_matrix(1.0, [1.0, 2.0, 3.0])


def hollow() -> trimesh.Trimesh:
    """A sphere with a spherical hole."""
    inner = creation.icosphere(2, 0.5)
    inner.invert()
    return trimesh.util.concatenate([creation.icosphere(2), inner])


SOLIDS = {
    "sphere": creation.icosphere(2),
    "torus": creation.torus(1.0, 0.4),
    "cone": creation.cone(1.0, 2.0),
    "hollow": hollow(),
}
for solid in SOLIDS.values():
    solid.apply_transform(TURN)


def mesh(solid: trimesh.Trimesh) -> Mesh:
    return Mesh(np.array(solid.vertices), np.array(solid.faces, np.int64))


def centres(solid: trimesh.Trimesh, shape: tuple[int, ...], side: int) -> np.ndarray:
    """The voxels' centres (n, 3) in the mesh's own unit."""
    size = solid.extents.max() / side
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    return solid.bounds.mean(axis=0) + size * (grid - (np.array(shape) - 1) / 2)


@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)
def test_voxels_are_those_that_a_mesh_library_finds_inside(solid):
    occupied = voxels.voxelise(mesh(solid), 20)
    assert max(occupied.shape) == 20
    theirs = solid.contains(centres(solid, occupied.shape, 20)).reshape(occupied.shape)
    assert (occupied == theirs).mean() >= 0.999


@pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)
def test_voxels_have_the_volume_of_their_mesh(solid):
    occupied = voxels.voxelise(mesh(solid), 80)
    assert occupied.sum() * (solid.extents.max() / 80) ** 3 == pytest.approx(solid.volume, rel=0.01)


@pytest.mark.parametrize("at_once", [7, 1000])
def test_chunks_and_slabs_change_nothing(at_once, monkeypatch):
    whole, bad = voxels.parity(mesh(SOLIDS["torus"]), 24)
    assert bad == 0
    monkeypatch.setattr(voxels, "AT_ONCE", at_once)
    monkeypatch.setattr(voxels, "SLAB", at_once)
    parts, _ = voxels.parity(mesh(SOLIDS["torus"]), 24)
    assert (parts == whole).all()


def test_a_ray_through_edges_and_vertices_counts_them_once():
    """A cube of whole numbers: rays go along its faces' diagonals and through its corners."""
    cube = mesh(creation.box(extents=(4, 4, 4)))
    for shift in (0.0, 0.5):
        moved = Mesh(cube.vertices + shift, cube.faces)
        occupied, bad = voxels.parity(moved, 4)
        assert bad == 0
        assert occupied.all()
    octahedron = Mesh(np.vstack([np.eye(3), -np.eye(3)]), np.array(list(product((0, 3), (1, 4), (2, 5)))))
    occupied, bad = voxels.parity(octahedron, 9)  # a ray through each of two vertices, others through edges
    centres = np.stack(np.meshgrid(*[np.linspace(-8, 8, 9)] * 3)) / 9
    assert bad == 0
    assert (occupied == (np.abs(centres).sum(axis=0) < 1)).all()


def test_an_open_mesh_is_refused_with_its_bad_columns():
    sphere = mesh(SOLIDS["sphere"])
    torn = Mesh(sphere.vertices, sphere.faces[1:])
    odd, bad = voxels.parity(torn, 40)
    assert bad > 0
    columns = odd.shape[0] * odd.shape[1]
    with pytest.raises(UserError, match=rf"is not watertight: 3 of its edges .* {bad} of {columns:,} columns"):
        voxels.voxelise(torn, 40)


def test_a_hole_that_no_ray_sees_is_found_by_its_edges():
    """Without its faces across the rays, a box is crossed by none."""
    box = mesh(creation.box(extents=(2, 2, 2)))
    normals = np.cross(*np.moveaxis(np.diff(box.vertices[box.faces], axis=1), 1, 0))
    pipe = Mesh(box.vertices, box.faces[np.abs(normals[:, 2]) < 1e-9])
    _, bad = voxels.parity(pipe, 8)
    assert bad == 0
    with pytest.raises(UserError, match="8 of its edges border an odd number of triangles, and 0 of 64 columns"):
        voxels.voxelise(pipe, 8)


def test_vertices_at_one_place_are_one():
    sphere = mesh(SOLIDS["sphere"])
    apart = Mesh(sphere.vertices[sphere.faces].reshape(-1, 3), np.arange(sphere.faces.size).reshape(-1, 3))
    assert apart.open_edges() == 0
    assert (voxels.voxelise(apart, 12) == voxels.voxelise(sphere, 12)).all()


def test_what_encloses_no_centre_is_refused():
    """Two needles along the rays: the column between them meets neither."""
    needle = mesh(creation.icosphere(1)).vertices * [0.001, 0.001, 1.0]
    two = np.concatenate([needle + np.array([shift, 0, 0]) for shift in (-0.3, 0.3)])
    faces = creation.icosphere(1).faces
    with pytest.raises(UserError, match="encloses no voxel's centre at side = 8"):
        voxels.voxelise(Mesh(two, np.concatenate([faces, faces + len(needle)])), 8)


class TestLucy:
    """A scanned statue of 99,970 triangles."""

    @pytest.fixture
    def lucy(self) -> trimesh.Trimesh:
        if "REFIELD_DATA" not in os.environ:
            pytest.skip("Lucy is not shipped")
        file = next(Path(os.environ["REFIELD_DATA"]).rglob("lucy.obj"))
        read = meshes.decode(file.read_bytes(), "obj")
        return trimesh.Trimesh(read.vertices, read.faces, process=False)

    def test_voxels_have_her_volume(self, lucy):
        occupied = voxels.voxelise(mesh(lucy), 128)
        assert occupied.sum() * (lucy.extents.max() / 128) ** 3 == pytest.approx(lucy.volume, rel=0.01)

    @pytest.mark.slow
    def test_voxels_are_those_that_a_mesh_library_finds_inside(self, lucy):
        occupied = voxels.voxelise(mesh(lucy), 128)
        some = np.random.default_rng(0).permutation(occupied.size)[:500]  # a second for ten of them
        theirs = lucy.contains(centres(lucy, occupied.shape, 128)[some])
        assert (occupied.reshape(-1)[some] == theirs).mean() >= 0.999
