"""A model is read from a fit's weights file as it was encoded, or refused in one sentence; it is sampled anywhere."""

import json
import os
import re
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
import skimage.data
from safetensors.numpy import load, save

from refield import fields
from refield.errors import UserError
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire
from refield.fitting.fit import Fit, fit_together
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.signals import Image
from refield.tasks.represent import Represent
from refield.units.decode import Model, enlarge, read_fit, read_model
from refield.units.encode import encode_weights

PIXELS = skimage.data.coffee()[100:140, 100:160]
LABELS = np.digitize(PIXELS.mean(axis=2), [60, 110, 170]).astype(np.uint8)
SEGMENTED = Mlp(gates=(8.0, "segment"), width=16, regions=4)
FIELDS = {"mlp": Mlp(gates=("dense", 4.0), width=16), "segmented": SEGMENTED, "wire": Wire(width=24)}


@dataclass(frozen=True)
class Fitted:
    """A short fit, and its weights as a file's content."""

    fit: Fit
    content: bytes


def fitted(field, target="symmetric", channels=3) -> Fitted:
    image = Image(PIXELS[..., :channels])
    problem = Represent().problem(image, LABELS.reshape(-1) if field.needs_labels else None)
    job = Job(field, problem, Train(iterations=40, learning_rate=2e-3, target=target), 0)
    (fit,) = fit_together([job], "cpu")
    return Fitted(fit, encode_weights(job, fit, image))


@pytest.fixture(scope="module")
def segmented() -> Fitted:
    return fitted(SEGMENTED)


@pytest.fixture
def model(segmented, tmp_path) -> Model:
    return read(segmented.content, tmp_path)


def read(content: bytes, folder) -> Model:
    (folder / "weights.safetensors").write_bytes(content)
    return read_model(folder / "weights.safetensors")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("target", ["symmetric", "unit"])
@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_model_is_read_as_it_was_fitted(field, target, channels, tmp_path):
    made = fitted(field, target, channels)
    model = read(made.content, tmp_path)
    assert (model.field, model.dims, model.channels, model.target) == (field, 2, channels, target)
    for name, array in made.fit.weights.items():
        np.testing.assert_array_equal(model.weights[name], array)
    labels = LABELS if field.needs_labels else None
    # The definition rounds otherwise than the engine.
    np.testing.assert_allclose(model.render((40, 60), labels), made.fit.values, atol=2e-4)
    kept = Image(PIXELS[..., :channels]).with_values(made.fit.values).pixels
    assert np.abs(model.sample((40, 60), labels).pixels.astype(int) - kept).max() <= 1


def test_a_finer_grid_passes_through_the_old_pixels(model):
    """2 n - 1 points have the n old ones among them, and between them the field goes on."""
    coarse, fine = model.sample((40, 60), LABELS).pixels, model.sample((79, 119), enlarge(LABELS, (79, 119))).pixels
    assert np.abs(fine[::2, ::2].astype(int) - coarse).max() <= 1
    assert np.abs(fine[1::2, ::2].astype(float) - fine[:-1:2, ::2]).max() > 5


def test_many_points_are_rendered_in_parts_and_alike(model, monkeypatch):
    whole = model.render((40, 60), LABELS)
    monkeypatch.setattr("refield.fitting.evaluate.AT_ONCE", 1000)
    np.testing.assert_allclose(model.render((40, 60), LABELS), whole, atol=1e-5)


def test_enlarged_labels_keep_corners_and_invent_none():
    fine = enlarge(LABELS, (200, 300))
    assert fine.shape == (200, 300)
    assert [fine[0, 0], fine[-1, -1]] == [LABELS[0, 0], LABELS[-1, -1]]
    assert set(np.unique(fine)) == set(np.unique(LABELS))
    np.testing.assert_array_equal(enlarge(LABELS, (40, 60)), LABELS)


@pytest.mark.parametrize(
    ("labels", "said"),
    [(None, "none is given"), (LABELS[:20], "is 60 x 20 pixels; it must be 60 x 40"), (LABELS + 4, "has region 7")],
)
def test_a_map_that_does_not_fit_is_refused(labels, said, model):
    with pytest.raises(UserError, match=said):
        model.render((40, 60), labels)


def refused(content: bytes, folder) -> str:
    with pytest.raises(UserError) as error:
        read(content, folder)
    assert str(error.value).startswith(f"{folder / 'weights.safetensors'} is no readable weights file (")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000
    return str(error.value)


def about_of(content: bytes) -> dict:
    length = int.from_bytes(content[:8], "little")
    return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["model"])


CHANGED_WEIGHTS = {
    "of another shape": (lambda a: a[:, :-1], r"layers\.1\.weight is F32 \(4, 15, 16\); .* F32 \(4, 16, 16\)"),
    "of bytes": (lambda a: a.astype(np.int8), r"layers\.1\.weight is I8 \(4, 16, 16\)"),
    "half": (lambda a: a.astype(np.float16), r"layers\.1\.weight is F16"),
    "no numbers": (lambda a: np.where(a > 0, np.nan, a), r"layers\.1\.weight holds what is no number"),
    "infinite": (lambda a: np.full_like(a, np.inf), r"layers\.1\.weight holds what is no number"),
    "missing": (lambda a: None, r"differ in layers\.1\.weight"),
}


@pytest.mark.parametrize(("change", "said"), CHANGED_WEIGHTS.values(), ids=CHANGED_WEIGHTS)
def test_other_weights_than_the_fields_are_refused(change, said, segmented, tmp_path):
    arrays = load(segmented.content)
    arrays["layers.1.weight"] = change(arrays["layers.1.weight"])
    present = {name: np.ascontiguousarray(array) for name, array in arrays.items() if array is not None}
    assert re.search(said, refused(save(present, {"model": json.dumps(about_of(segmented.content))}), tmp_path))


def test_a_tensor_too_many_is_refused(segmented, tmp_path):
    arrays = {**load(segmented.content), "more": np.zeros(3, np.float32)}
    assert "differ in more" in refused(save(arrays, {"model": json.dumps(about_of(segmented.content))}), tmp_path)


WIDE = fields.describe(Mlp(gates=("dense", "dense"), width=10**6))
CHANGED_ABOUT = {
    "another field": ({"field": fields.describe(Wire(width=24))}, "differ in"),
    "unknown field": ({"field": {"field": "siren", "width": 3}}, "field = 'siren' is not known; fields are mlp, wire"),
    "unknown key": ({"field": {**fields.describe(SEGMENTED), "depth": 3}}, "depth is not a known key"),
    "impossible field": ({"field": {**fields.describe(SEGMENTED), "width": 0}}, "width = 0 is not allowed"),
    "wide field": ({"field": WIDE}, "; the field has F32 (1, 1000000)"),
    "enormous field": ({"field": {**WIDE, "width": 10**9}}, "field.width is above 1048576"),
    "enormous layer": ({"field": {**WIDE, "width": [8, 10**400]}}, "field.width.1 is above 1048576"),
    "deep field": ({"field": {**fields.describe(Wire(width=24)), "hidden_layers": 10**6}}, "has more weights than it"),
    "enormous depth": ({"field": {**fields.describe(Wire(width=24)), "hidden_layers": 10**9}}, "is above 1048576"),
    "many gates": ({"field": {**WIDE, "gates": ["dense"] * 10**4}}, "description has more than 65536 characters"),
    "other gates": (
        {"field": {**fields.describe(SEGMENTED), "gates": ["segment", 8.0, "dense"]}},
        "differ in layers.3",
    ),
    "enormous regions": ({"field": {**fields.describe(SEGMENTED), "regions": 2**20}}, "regions = 1048576 is not"),
    "gate of no number": (
        {"field": {**fields.describe(SEGMENTED), "gates": [float("nan"), "segment"]}},
        "gates.0 = nan",
    ),
    "list of fields": ({"field": {"field": ["mlp"]}}, "field = ['mlp'] is not known"),
    "unknown field of any size": ({"field": {"field": "x" * 10**4}}, "is not known"),
    "no field": ({"field": ["mlp"]}, "field = ['mlp'] is not allowed"),
    "unknown signal": ({"signal": "sounds"}, "signal = 'sounds' is not known; signals are images"),
    "unknown target": ({"target": "percent"}, "target = 'percent' is not allowed"),
    "no target": ({"target": []}, "target = []"),
    "three axes": ({"dims": 3}, "layers.0.weight is F32 (4, 2, 16); the field has F32 (8, 3, 16)"),
    "a billion axes": ({"dims": 10**9}, "dims = 1000000000 is not allowed"),
    "fewer than no axes": ({"dims": -1}, "dims = -1 is not allowed"),
    "no number of axes": ({"dims": "two"}, "dims = 'two'"),
    "grey": ({"channels": 1}, "layers.2"),
    "no channels": ({"channels": 0}, "channels = 0 is not allowed"),
    "a billion channels": ({"channels": 10**9}, "channels is above 1048576"),
}


@pytest.mark.parametrize(("change", "said"), CHANGED_ABOUT.values(), ids=CHANGED_ABOUT)
def test_a_description_of_something_else_is_refused(change, said, segmented, tmp_path):
    about = {**about_of(segmented.content), **change}
    assert said in refused(save(load(segmented.content), {"model": json.dumps(about)}), tmp_path)


@pytest.mark.parametrize("key", ["field", "signal", "dims", "channels", "target"])
def test_a_description_without_a_key_is_refused_by_its_name(key, segmented, tmp_path):
    about = about_of(segmented.content)
    del about[key]
    assert key in refused(save(load(segmented.content), {"model": json.dumps(about)}), tmp_path)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_wide_field_is_refused_before_memory_is_taken(field, tmp_path):
    """Of a kind with other weights as well: those of a million squared numbers, were they drawn."""
    content = fitted(field).content
    about = about_of(content)
    about["field"]["width"] = 2**20
    wide = save(load(content), {"model": json.dumps(about)})
    tracemalloc.start()
    assert "; the field has F32" in refused(wide, tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 10 * len(wide) + 10**6
    tracemalloc.stop()


def with_header(header: dict, content: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


def test_types_that_numpy_lacks_are_refused(segmented, tmp_path):
    """Brain floats; numpy.load of them ends in a KeyError."""
    header = {"__metadata__": {"model": json.dumps(about_of(segmented.content))}}
    position = 0
    for name, array in load(segmented.content).items():
        header[name] = {"dtype": "BF16", "shape": array.shape, "data_offsets": [position, position + 2 * array.size]}
        position += 2 * array.size
    assert "is BF16" in refused(with_header(header, bytes(position)), tmp_path)


HEADERS = {
    "none": b"",
    "half a length": b"\x08\x00",
    "a pickle": b"\x80\x04.",
    "no tensors": b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ",
    "no metadata": with_header({"__metadata__": None}),
    "a list": with_header([]),
    "an endless header": (2**63).to_bytes(8, "little") + b"{}",
    "a long header": with_header({"__metadata__": {"model": " " * 2**20}}),
    "a tensor of no bytes": with_header({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
    "a tensor with a long name": with_header({"x" * 10**5: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}),
}


@pytest.mark.parametrize("content", HEADERS.values(), ids=HEADERS)
def test_a_damaged_file_is_refused(content, tmp_path):
    refused(content, tmp_path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {"model": "{"}, {"model": "[]"}, {"model": "[" * 10**5}])
def test_a_foreign_safetensors_file_is_refused(metadata, segmented, tmp_path):
    refused(save(load(segmented.content), metadata), tmp_path)


def test_what_is_no_file_is_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(UserError, match=r"weights\.safetensors is missing"):
        read_model(path)
    os.mkfifo(path)
    with pytest.raises(UserError, match=r"weights\.safetensors is no file"):
        read_model(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=r"weights\.safetensors"):
        read_model(path)


@pytest.mark.parametrize("change", [{"omega_0": 1e300}, {"gates": (1e300, "segment"), "omega_0": 1e200}])
def test_values_that_are_no_numbers_are_no_picture(change, segmented, tmp_path):
    about = about_of(segmented.content)
    about["field"] |= change
    model = read(save(load(segmented.content), {"model": json.dumps(about)}), tmp_path)
    with pytest.raises(UserError, match=r"weights\.safetensors: the field has values that are no numbers"):
        model.render((40, 60), LABELS)


def test_a_fit_is_a_model_and_an_estimate_of_its_kind(segmented, tmp_path):
    picture = Image(PIXELS).with_values(segmented.fit.values)
    (tmp_path / "weights.safetensors").write_bytes(segmented.content)
    (tmp_path / "reconstruction.png").write_bytes(picture.encode())
    model, estimate = read_fit(tmp_path)
    assert model.regions == 4
    assert estimate.digest() == picture.digest()
    (tmp_path / "reconstruction.png").write_bytes(Image(PIXELS[..., :1]).encode())
    with pytest.raises(UserError, match=r"holds a field of 3 channels on 2 axes, not 1 channels on 2"):
        read_fit(tmp_path)
