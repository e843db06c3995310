"""Activations, one to a file, by the names of params.yaml."""

from refield.fields.activations.activation import Activation
from refield.fields.activations.finer import FINER
from refield.fields.activations.gabor import GABOR
from refield.fields.activations.gaussian import GAUSSIAN
from refield.fields.activations.prolate import PROLATE
from refield.fields.activations.raised_cosine import RAISED_COSINE
from refield.fields.activations.rectifiers import LEAKY_RELU, RELU
from refield.fields.activations.root_raised_cosine import ROOT_RAISED_COSINE
from refield.fields.activations.sinc import SINC
from refield.fields.activations.sine import SINE

ACTIVATIONS: dict[str, Activation] = {
    "sine": SINE,
    "leaky_relu": LEAKY_RELU,
    "relu": RELU,
    "finer": FINER,
    "gaussian": GAUSSIAN,
    "gabor": GABOR,
    "sinc": SINC,
    "raised_cosine": RAISED_COSINE,
    "root_raised_cosine": ROOT_RAISED_COSINE,
    "prolate": PROLATE,
}


def module_of(name: str) -> str:
    """Where an activation is, for the fingerprint of a fit's code."""
    return ACTIVATIONS[name].function.__module__
