"""Meshes survive their files; what is no mesh ends in one sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trimesh import creation

from refield.errors import UserError
from refield.signals import meshes
from refield.signals.meshes import FORMATS, Mesh

BOX = creation.box(extents=(1, 2, 3))
MESH = Mesh(np.array(BOX.vertices), np.array(BOX.faces, np.int64))
HEADER = (
    b"ply\nformat %s 1.0\nelement vertex %d\nproperty float x\nproperty float y\nproperty float z\n"
    b"element face 1\nproperty list uchar int vertex_indices\nend_header\n"
)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_mesh_survives_its_file(format_):
    again = meshes.decode(meshes.encode(MESH, format_), format_)
    assert (again.vertices == MESH.vertices).all()
    assert (again.faces == MESH.faces).all()
    assert again.open_edges() == 0


def test_polygons_are_cut_into_triangles_and_materials_are_not_looked_for():
    text = "mtllib /etc/passwd\nusemtl x\n" + "".join(f"v {x} {y} {z}\n" for x, y, z in np.ndindex(2, 2, 2))
    quads = ("1 2 4 3", "5 7 8 6", "1 5 6 2", "3 4 8 7", "1 3 7 5", "2 6 8 4")
    cube = meshes.decode((text + "".join(f"f {quad}\n" for quad in quads)).encode(), "obj")
    assert cube.faces.shape == (12, 3)
    assert cube.open_edges() == 0


@pytest.mark.parametrize(
    ("data", "format_", "said"),
    [
        (b"", "obj", "has no triangles"),
        (b"", "ply", "is no readable PLY"),
        (b"\xff\xfe\x00", "obj", "has no triangles|is no readable OBJ"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 1\n", "obj", "has no triangles"),
        (b"v 0 0 0\nf 1 2 9\n", "obj", "is no readable OBJ|has a triangle of vertex"),
        (b"v nan 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 3\n", "obj", "has a vertex that is no number"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "obj", "encloses nothing: its box is 1 x 1 x 0"),
        (HEADER % (b"ascii", 3) + b"0 0 0\n1 0 0\n0 1 1\n3 0 1 -2\n", "ply", "has a triangle of vertex"),
        (HEADER % (b"binary_little_endian", 10**9) + b"\0" * 99, "ply", "is no readable PLY"),
        (HEADER % (b"ascii", 10**9) + b"0 0 0\n", "ply", "is no readable PLY|has no triangles"),
    ],
)
def test_what_is_no_mesh_is_refused_in_a_sentence(data, format_, said):
    with pytest.raises(UserError, match=said):
        meshes.decode(data, format_)


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(meshes, "MOST", 10)
    with pytest.raises(UserError, match="has more than 10 bytes"):
        meshes.decode(meshes.encode(MESH, "ply"), "ply")


@settings(max_examples=30, deadline=None)
@given(st.data())
@pytest.mark.parametrize("format_", FORMATS)
def test_damage_ends_in_a_sentence_or_in_a_mesh(format_, data):
    content = bytearray(meshes.encode(MESH, format_))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        mesh = meshes.decode(bytes(content), format_)
    except UserError:
        return
    assert np.isfinite(mesh.vertices[mesh.faces]).all()
