"""Drawn slices of a head: the same for a seed, grey, with a tumour that brightness alone does not find."""

import hashlib

import numpy as np
import pytest
from pipeline import ROOT

from refield.errors import UserError
from refield.signals import phantom
from refield.signals.phantom import SIDE
from refield.signals.sources.addresses import read_list

LISTS = [ROOT / "papers/sinco/sources" / place / "addresses.txt" for place in ("quick", "quick_training")]


def test_the_bytes_of_papers_lists_are_known() -> None:
    entries = {name: entry for file in LISTS for name, entry in read_list(file).items()}
    assert len(entries) == 54
    for entry in entries.values():
        (address,) = entry.addresses
        assert hashlib.sha256(phantom.encode(address.removeprefix("phantom:"))).hexdigest() == entry.sha256


@pytest.mark.parametrize("seed", range(8))
def test_a_tumour_lies_within_the_brain_and_is_no_brighter_than_the_skull(seed: int) -> None:
    pixels, tumour = phantom.phantom(seed)
    assert (pixels.dtype, pixels.shape, tumour.shape) == (np.uint8, (SIDE, SIDE), (SIDE, SIDE))
    assert 40 < tumour.sum() < 220
    assert pixels[tumour].mean() > 1.3 * np.median(pixels[pixels > 50])
    assert pixels[~tumour].max() > pixels[tumour].mean()
    row, column = np.nonzero(tumour)
    assert min(row.min(), column.min(), SIDE - 1 - row.max(), SIDE - 1 - column.max()) > 5


def test_a_file_is_a_pgm_of_the_slice_or_of_its_mask() -> None:
    pixels, tumour = phantom.phantom(3)
    assert phantom.encode("3") == b"P5\n64 64\n255\n" + pixels.tobytes()
    assert phantom.encode("3_mask") == b"P5\n64 64\n255\n" + (255 * tumour.astype(np.uint8)).tobytes()


@pytest.mark.parametrize("name", ["", "a", "1_masks", "1234567", "-1"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="is not allowed; it must be a seed, such as phantom:7 or phantom:7_mask"):
        phantom.encode(name)
