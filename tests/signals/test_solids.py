"""Solids of files become volumes: meshes by their inside, grids of MATLAB by their numbers, both cropped."""

import io
import zipfile

import numpy as np
import pytest
from scipy.io import savemat
from signals.mirrors import sha256
from trimesh import creation

from refield.errors import UserError
from refield.signals import grids, meshes, solids, sources
from refield.signals.meshes import Mesh


def mat(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    savemat(stream, arrays)
    return stream.getvalue()


def grid(shape: tuple[int, ...] = (12, 8, 12)) -> np.ndarray:
    """A box of 5 x 4 x 2 voxels of 255 that begins at (4, 3, 10), where the last axis ends."""
    array = np.zeros(shape, np.uint8)
    array[4:9, 3:7, 10:12] = 255
    return array


@pytest.mark.parametrize("format_", meshes.FORMATS)
def test_a_mesh_becomes_the_box_around_its_inside(format_, tmp_path):
    box = creation.box(extents=(1, 2, 4))
    file = tmp_path / f"box.{format_.upper()}"
    file.write_bytes(meshes.encode(Mesh(np.array(box.vertices), np.array(box.faces, np.int64)), format_))
    volume = solids.load(file, 8)
    assert volume.shape == (4, 6, 10)  # of 2 x 4 x 8 voxels, and the margin
    assert (volume.occupied() == np.pad(np.ones((2, 4, 8), bool), 1)).all()


def test_a_grid_is_cropped_with_a_margin_where_it_goes_on(tmp_path):
    file = tmp_path / "grid.mat"
    file.write_bytes(mat(hypercube=grid()))
    volume = solids.load(file, 12)
    assert volume.shape == (7, 6, 3)
    assert (volume.occupied() == np.pad(np.ones((5, 4, 2), bool), [(1, 1), (1, 1), (1, 0)])).all()


@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, bool])
def test_a_grid_may_hold_numbers_of_any_kind(kind):
    assert (grids.decode(mat(other=np.eye(3), it=(grid() > 0).astype(kind))) == (grid() > 0)).all()


def test_a_voxel_of_a_reduced_grid_is_occupied_where_half_of_it_is():
    occupied = np.random.default_rng(0).random((8, 6, 5)) < 0.5
    found = grids.reduced(occupied, 4)
    assert found.shape == (4, 3, 3)
    padded = np.pad(occupied, [(0, 0), (0, 0), (0, 1)])
    for x, y, z in np.ndindex(found.shape):
        assert found[x, y, z] == (padded[2 * x :, 2 * y :, 2 * z :][:2, :2, :2].sum() >= 4)
    assert (grids.reduced(occupied, 8) == occupied).all()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no readable file of MATLAB"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\0" * 99, "is of MATLAB's version 7.3"),
        (mat(hypercube=grid())[:-99], "is no readable file of MATLAB"),
        (mat(plane=np.eye(3)), "must hold one array of three axes; it has none"),
        (mat(a=grid(), b=grid()), "must hold one array of three axes; it has 2: a, b"),
        (mat(it=np.arange(24.0).reshape(2, 3, 4)), "holds other numbers in 'it' than 0 and one"),
        (mat(it=np.where(grid() > 0, np.nan, 0)), "holds other numbers in 'it'"),
        (mat(it=grid() * 0), "is empty"),
    ],
)
def test_a_file_that_is_no_grid_is_refused_by_name(data, said, tmp_path):
    file = tmp_path / "grid.mat"
    file.write_bytes(data)
    with pytest.raises(UserError, match=rf"^{file} .*{said}"):
        solids.load(file, 12)


def test_a_grid_that_is_too_large_is_refused_unread(monkeypatch):
    data = mat(it=np.zeros((100, 100, 100)))
    monkeypatch.setattr(grids, "MOST", len(data) - 1000)
    with pytest.raises(UserError, match="has more than"):
        grids.decode(data)
    stream = io.BytesIO()
    savemat(stream, {"it": np.zeros((100, 100, 100))}, do_compression=True)
    with pytest.raises(UserError, match="has 100 x 100 x 100 numbers of 8 bytes; save fewer, or as uint8"):
        grids.decode(stream.getvalue())


def test_a_side_must_divide_a_grids(tmp_path):
    file = tmp_path / "grid.mat"
    file.write_bytes(mat(hypercube=grid()))
    with pytest.raises(UserError, match=r"has 12 voxels along its longest axis; side = 8 must divide that"):
        solids.load(file, 8)


def test_what_is_no_solid_is_refused_by_its_suffix(tmp_path):
    with pytest.raises(UserError, match=r"is no solid of a kind that is read \(\.obj, \.ply, \.mat\)"):
        solids.load(tmp_path / "solid.stl", 8)
    with pytest.raises(UserError, match=r"gone\.ply is missing"):
        solids.load(tmp_path / "gone.ply", 8)


def test_own_solids_are_a_source(tmp_path):
    place, out = tmp_path / "sources", tmp_path / "originals"
    with pytest.raises(UserError, match=r"sources is missing; make it and put the solids there \(\.obj"):
        sources.fetch("solids", place, "all", out)
    place.mkdir()
    (place / "readme.txt").write_text("none")
    with pytest.raises(UserError, match="has no solids"):
        sources.fetch("solids", place, "all", out)
    for name in ("b.mat", "a.PLY"):
        (place / name).write_bytes(name.encode())
    assert sorted(sources.fetch("solids", place, "all", out)) == ["a.PLY", "b.mat"]
    assert sources.fetch("solids", place, ["b"], out) == ["b.mat"]
    assert (out / "b.mat").read_bytes() == b"b.mat"


class TestZippedCopies:
    """Of an address of a member, a local folder may hold the file, or the zip file."""

    @pytest.fixture
    def place(self, tmp_path, monkeypatch):
        monkeypatch.setenv("REFIELD_DATA", str(tmp_path / "data"))
        (tmp_path / "data/deep").mkdir(parents=True)
        (tmp_path / "sources").mkdir()
        line = f"thai.mat {sha256(b'grid')} https://example.org/a/thai%20statue.mat.zip!/in/it.mat\n"
        (tmp_path / "sources/addresses.txt").write_text(line)
        return tmp_path

    def fetched(self, place) -> bytes:
        sources.fetch("addresses", place / "sources", "all", place / "out")
        return (place / "out/thai.mat").read_bytes()

    def zipped(self, place, **members: bytes) -> None:
        with zipfile.ZipFile(place / "data/deep/thai statue.mat.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(f"in/{name}.mat", data)

    def test_the_member_is_found_in_a_zip_file_of_the_addresss_name(self, place):
        self.zipped(place, it=b"grid")
        assert self.fetched(place) == b"grid"

    def test_the_file_itself_will_do(self, place):
        self.zipped(place, it=b"another")
        (place / "data/thai.mat").write_bytes(b"grid")
        assert self.fetched(place) == b"grid"

    def test_another_one_is_refused(self, place):
        self.zipped(place, it=b"another")
        with pytest.raises(UserError, match=r"thai\.mat is another one below .*!/in/it\.mat: its sha256"):
            self.fetched(place)

    def test_so_is_a_zip_file_without_it_or_a_damaged_one(self, place):
        self.zipped(place, other=b"grid")
        with pytest.raises(UserError, match=r"has no readable in/it\.mat"):
            self.fetched(place)
        (place / "data/deep/thai statue.mat.zip").write_bytes(b"none")
        with pytest.raises(UserError, match=r"has no readable in/it\.mat"):
            self.fetched(place)
