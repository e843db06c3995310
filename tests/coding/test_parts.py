"""Where the bytes of files of latents go: parts add up to the file, and each takes what the coder takes of it alone."""

from dataclasses import replace

import numpy as np
import pytest
from coding.latents.drawn import drawn

from refield.coding import file
from refield.coding.latents import grids
from refield.coding.latents.entropy import Entropy
from refield.coding.latents.file import CodedLatents
from refield.coding.parts import Part, parts
from refield.coding.range_coder import Encoder

WORD = 4  # bytes, by which the coder's output grows


def told(coded: CodedLatents) -> list[Part]:
    return parts(file.encode(coded), coded)


def test_each_part_takes_what_the_coder_takes_of_it():
    coded = drawn((240, 90), 3, spread=3.0)
    most, found = grids.largest(coded.grids, coded.entropy), told(coded)
    names = ["header", "drawing network", "expecting network", "latents 1/1", "latents 1/2", "latents 1/4", "rest"]
    assert [part.name for part in found] == names
    numbers = [0, 3 * 6 + 6 + 36 + 6 + 18 + 3, 12 * 5 + 5 + 34 + 2 + 3, 21600, 5400, 60 * 23, 0]
    assert [part.numbers for part in found] == numbers
    weights = {name: each.values for name, each in coded.tensors.items() if name.startswith("entropy")}
    for level, part in enumerate(found[3:6]):
        encoder = Encoder()
        of_level = {**weights, "entropy.levels": weights["entropy.levels"][level:]}
        grids.encode([coded.grids[level]], Entropy(of_level), most, encoder)
        assert len(encoder.finish()) == pytest.approx(part.bytes, rel=1e-3, abs=2 * WORD)
    for part, expects in ((found[1], False), (found[2], True)):
        encoder, heads = Encoder(), 0
        for name, tensor in coded.tensors.items():
            heads += len(tensor.encode(encoder)) if name.startswith("entropy") == expects else 0
        assert heads + len(encoder.finish()) == pytest.approx(part.bytes, abs=2 * WORD)


@pytest.mark.parametrize(("shape", "levels"), [((2, 700), 1), ((13, 18), 3)])
def test_parts_add_up_to_the_file(shape, levels):
    coded = drawn(shape, levels)
    found = told(coded)
    assert sum(part.bytes for part in found) == pytest.approx(len(file.encode(coded)))
    assert found[0].bytes == 4 + 2 + 4 + sum(2 if side > 127 else 1 for side in shape) + 4 + 1
    assert abs(found[-1].bytes) < 2 * WORD


def test_zeros_that_fill_a_file_up_are_no_part_of_latents():
    coded = drawn((200, 250), 6, spread=0)
    silent = {name: replace(each, symbols=np.zeros_like(each.symbols)) for name, each in coded.tensors.items()}
    coded = replace(coded, tensors=silent | {"layers.2.bias": coded.tensors["layers.2.bias"]})
    found = {part.name: part.bytes for part in told(coded)}
    assert found["expecting network"] == 2 * 5
    assert found["rest"] > 0
    assert sum(found.values()) == len(file.encode(coded))
