import numpy as np
import pytest

from refield.fields.mlp import Mlp
from refield.fitting.fit import Fit
from refield.fitting.job import Job
from refield.fitting.train import Train
from refield.segmentation.files import read_labels
from refield.signals import Image
from refield.tasks.gradients import Gradients
from refield.tasks.represent import Represent
from refield.units.encode import encode, encode_curve
from refield.units.names import CURVE, LABELS, WEIGHTS, reconstruction

FIELD = Mlp(gates=(8.0, "segment"), width=5, regions=3)
CURVE_POINTS = [(0, 0.5), (10, 0.25)]
WEIGHTS_DRAWN = {
    key: array.astype(np.float32) for key, array in FIELD.initialise(2, 3, np.random.default_rng(0)).items()
}


def files(task=None, labels=None, weights=WEIGHTS_DRAWN, channels=3):
    """What a fit to noise is encoded to; its values are those of the image of the same noise turned upside down."""
    image = Image(np.random.default_rng(0).integers(0, 256, (5, 8, channels), dtype=np.uint8))
    task, values = task or Represent(), Image(image.pixels[::-1]).values().astype(np.float32)
    job = Job(FIELD, Represent().problem(image, None), Train(iterations=10, learning_rate=1e-3), 0)
    return image, encode(job, Fit(weights, values, CURVE_POINTS), task, image, labels)


def test_the_same_fit_is_the_same_bytes():
    labels = np.random.default_rng(0).integers(0, 3, (5, 8), dtype=np.uint8)
    _, once = files(labels=labels)
    _, again = files(labels=labels.copy(order="F"), weights=dict(reversed(WEIGHTS_DRAWN.items())))
    assert once == again
    assert once.keys() == {WEIGHTS, CURVE, LABELS, reconstruction(Image)}
    assert files()[1].keys() == once.keys() - {LABELS}


@pytest.mark.parametrize("channels", [1, 3])
def test_the_estimate_is_the_tasks_and_lossless(channels):
    image, encoded = files(channels=channels)
    np.testing.assert_array_equal(Image.decode(encoded[reconstruction(image)]).pixels, image.pixels[::-1])


def test_the_labels_are_the_map(tmp_path):
    labels = np.random.default_rng(0).integers(0, 3, (5, 8), dtype=np.uint8)
    (tmp_path / LABELS).write_bytes(files(labels=labels)[1][LABELS])
    np.testing.assert_array_equal(read_labels(tmp_path / LABELS), labels)


def test_the_curve_has_psnr_where_the_loss_is_a_mean_squared_error():
    lines = encode_curve([(0, 0.5), (10, 1e-9), (20, 0.0)], least_squares=True).decode().splitlines()
    assert lines == ["iteration,loss,psnr", "0,0.5,9.0309", "10,1e-09,96.0206", "20,0,inf"]
    assert files(Gradients())[1][CURVE].decode().splitlines() == ["iteration,loss,psnr", "0,0.5,", "10,0.25,"]
