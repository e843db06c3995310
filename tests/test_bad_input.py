"""Whatever stands in a file of the user's, reading it gives a valid result or one sentence that names the file."""

import copy
import io
import json
import pickle
import string
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pipeline import ROOT
from ruamel.yaml import YAML
from safetensors.numpy import save
from signals import scene
from stages import download, prepare
from trimesh import creation

from refield import config
from refield.config import ConfigError
from refield.errors import UserError
from refield.fields import FIELDS, build, describe
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.pipeline.layout import Layout
from refield.segmentation.files import read_labels
from refield.segmentation.labels import encode
from refield.signals import meshes, photographs, png
from refield.tasks import TASKS
from refield.units.decode import Model, read_model

GIVEN = YAML(typ="safe").load(ROOT / "params.yaml")
# All that params.yaml may hold, though the one we ship does not.
GIVEN["methods"]["wire"] = {"field": "wire", "train": {"precision": "float32"}}
GIVEN["network"]["wire"] = {"omega": 20.0}
GIVEN["profiles"]["quick"]["task"] = {"kind": "inpaint", "hidden": 0.5}
GIVEN["maps"]["fine"] = {"segmenter": "slic", "superpixels": 90}
IN_A_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(
        [*GIVEN["profiles"], *GIVEN["maps"], *GIVEN["methods"], *FIELDS, *TASKS, "all", "segment", "dense"]
    )
    | st.text(string.printable, max_size=9)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def paths(tree, before=()):
    """The keys and positions of every value in a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inner:
        yield (*before, key)
        yield from paths(value, (*before, key))


def parent(tree, path):
    for key in path[:-1]:
        tree = tree[key]
    return tree


@st.composite
def changed_params(draw):
    """params.yaml with up to three values replaced, removed or added."""
    params = copy.deepcopy(GIVEN)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths(params))))
        entry = parent(params, path)
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                entry[path[-1]] = draw(values)
            case "remove":
                del entry[path[-1]]
            case "add" if isinstance(entry, dict):
                entry[draw(st.text(string.ascii_lowercase + "_", min_size=1, max_size=9))] = draw(values)
            case "add":
                entry.append(draw(values))
    return params


def is_one_sentence(reason: Exception, file: Path) -> None:
    assert str(reason).startswith(str(file))
    assert "\n" not in str(reason)


@given(params=changed_params())
@settings(IN_A_FOLDER, max_examples=60, deadline=None)
def test_params_are_valid_or_refused(params, tmp_path):
    file = tmp_path / "params.yaml"
    YAML(typ="safe").dump(params, file)
    try:
        read = config.read(path=file)
    except ConfigError as error:
        is_one_sentence(error, file)
        return
    for name in read.maps:
        assert read.segmenter(name)
        assert 2 <= read.regions(name) <= 64
    for profile in read.profiles:
        assert read.task(profile)
        for method in read.methods:
            field, chosen = read.field(profile, method), read.map(profile, method)
            assert build(describe(field)) == field
            assert read.train(profile, method).iterations > 0
            assert chosen is None or field.regions == read.regions(chosen)


@given(content=st.binary(max_size=60) | st.text(string.printable, max_size=60).map(str.encode))
@settings(IN_A_FOLDER)
def test_what_is_no_params_file_is_refused(content, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        config.read(path=file)
    is_one_sentence(error.value, file)


TOKENS = [
    *("a", "b", "&a ", "&b ", "*a", "*b", "[", "]", "{", "}", ", ", ": ", "? ", "- ", "\n", "\n  ", "<<: ", "'", '"'),
    *(
        "|\n",
        ">\n",
        "#",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "null",
        "~",
        "0x",
        "9" * 30,
        "1e999",
        ".nan",
        "1:2",
        "=",
        "!",
    ),
    *("2001-13-01", "!!int ", "!!float ", "!!timestamp ", "!!binary ", "!!set ", "!!omap ", "!!python/name:os.system "),
]


@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=25))
@settings(IN_A_FOLDER, max_examples=60, deadline=None)
def test_whatever_looks_like_yaml_is_read_or_refused(tokens, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text("".join(tokens))
    with pytest.raises(ConfigError) as error:
        config.read(path=file)
    is_one_sentence(error.value, file)
    assert len(str(error.value)) < len(str(file)) + 500


def encoded(format: str, mode: str = "RGB", **options) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 13, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


PICTURES = [
    encoded("PNG"),
    encoded("PNG", "P"),
    encoded("PNG", "LA"),
    encoded("JPEG"),
    encoded("TIFF"),
    encoded("TIFF", compression="tiff_lzw"),
    encoded("WEBP"),
    encoded("GIF", "P"),
    encoded("BMP"),
    encoded("PPM"),
    encoded("JPEG2000"),
]


@st.composite
def damaged(draw, whole: st.SearchStrategy[bytes]) -> bytes:
    """A file with some bytes replaced, and maybe cut off, or with bytes after its end."""
    content = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content) + draw(st.binary(max_size=8))


@given(content=damaged(st.sampled_from(PICTURES)) | st.binary(max_size=50))
@settings(IN_A_FOLDER, max_examples=150, deadline=None)
def test_photographs_are_read_or_refused(content, tmp_path):
    file = tmp_path / "photograph"
    file.write_bytes(content)
    try:
        image = photographs.load(file, "rgb")
    except UserError as error:
        is_one_sentence(error, file)
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3


@given(content=damaged(st.just(PICTURES[0])))
@settings(IN_A_FOLDER, max_examples=60, deadline=None)
def test_images_of_ours_are_read_or_refused(content, tmp_path):
    file = tmp_path / "kodim01.png"
    file.write_bytes(content)
    try:
        image = png.read(file)
    except UserError as error:
        is_one_sentence(error, file)
        return
    assert image.dtype == np.uint8


@given(content=damaged(st.just(encode(np.arange(70, dtype=np.uint8).reshape(7, 10)))))
@settings(IN_A_FOLDER, max_examples=60, deadline=None)
def test_maps_of_ours_are_read_or_refused(content, tmp_path):
    file = tmp_path / "labels.png"
    file.write_bytes(content)
    try:
        labels = read_labels(file)
    except UserError as error:
        is_one_sentence(error, file)
        return
    assert labels.dtype == np.uint8
    assert labels.ndim == 2


def weights_of(field: Mlp | Wire) -> bytes:
    about = {"field": describe(field), "signal": "images", "dims": 2, "channels": 3, "target": "symmetric"}
    arrays = field.initialise(2, 3, np.random.default_rng(0))
    return save({name: array.astype(np.float32) for name, array in arrays.items()}, {"model": json.dumps(about)})


WEIGHTS = [weights_of(Mlp(gates=("dense", "dense"), width=2)), weights_of(Wire(width=3))]


class Opened:
    """What a pickle would open, were it read."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


@given(content=damaged(st.sampled_from(WEIGHTS)) | st.just(pickle.dumps(Opened())))
@settings(IN_A_FOLDER, max_examples=60, deadline=None)
def test_weights_are_read_or_refused_and_never_unpickled(content, tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(content)
    try:
        model = read_model(file)
    except UserError as error:
        is_one_sentence(error, file)
        return
    assert isinstance(model, Model)
    assert all(np.isfinite(array).all() for array in model.weights.values())
    model.sample((2, 3))


def torn(place: Path) -> Path:
    """A ball that lacks a triangle; the original that it becomes."""
    place.mkdir(parents=True)
    ball = creation.icosphere(2)
    mesh = meshes.Mesh(np.array(ball.vertices), np.array(ball.faces[1:], np.int64))
    (place / "ball.ply").write_bytes(meshes.encode(mesh, "ply"))
    return Path("ball.ply")


def uneven(place: Path) -> Path:
    """A scene of which one view is smaller than the others."""
    scene.write(place / "spheres", seen=3, held_out=2, side=16)
    Image.new("RGBA", (12, 16)).save(place / "spheres/test/r_1.png")
    return Path("spheres.zip")


@pytest.mark.parametrize(
    ("profile", "source", "write", "said"),
    [
        ("quick_occupancy", "solids", torn, "is not watertight: 3 of its edges border an odd number of triangles"),
        ("quick_views", "views", uneven, ": test/r_1.png is 12 x 16 pixels, and the first view 16 x 16 pixels; they"),
    ],
)
def test_own_volumes_and_scenes_that_cannot_be_used_are_refused_before_any_fit(
    profile: str, source: str, write: Callable[[Path], Path], said: str, tmp_path, monkeypatch
):
    """By the real stages, which leave nothing to fit."""
    yaml, settings = YAML(), Path("papers/mire/params.yaml")
    params = yaml.load(ROOT / settings)
    params["profiles"], params["runs"] = {profile: params["profiles"][profile]}, [profile]
    params["profiles"][profile]["images"] |= {"source": source, "names": "all"}
    monkeypatch.chdir(tmp_path)
    settings.parent.mkdir(parents=True)
    yaml.dump(params, settings)
    layout = Layout("mire")
    original = layout.originals(profile) / write(layout.sources(profile))
    download.main(profile, "mire")
    with pytest.raises(UserError) as error:
        prepare.main(profile, "mire")
    is_one_sentence(error.value, original)
    assert str(error.value).removeprefix(str(original)).strip().startswith(said)
    assert not list(layout.signals(profile).iterdir())
