"""What a file says of its field."""

import json
import zlib

import pytest
from coding.examples import about

from refield.coding.description import DICTIONARY, decode, encode
from refield.errors import UserError
from refield.fields.cosmo import Cosmo
from refield.fields.incode import Incode
from refield.fields.mfn import Mfn
from refield.fields.mlp import Mlp
from refield.fields.wire import Wire

COIN = Mlp(gates=("dense",) * 5, width=20)
OTHERS = [
    Mlp(gates=(128.0, 8.0, 4.0, "segment"), width=16, regions=4, largest_a=32.0),
    Mlp(gates=("dense",) * 2, width=(9, 8), activation=("sine", "gabor"), trained="base", residual=True),
    Mlp(gates=("dense",) * 5, width=9, activation="relu", skip=2, encoding={"octaves": 3}),
    Wire(width=9),
    Mfn(width=9),
    Cosmo(width=9),
    Incode(width=9),
]


@pytest.mark.parametrize("field", [COIN, *OTHERS], ids=lambda field: type(field).__name__)
@pytest.mark.parametrize("channels", [1, 3])
def test_descriptions_come_back_in_few_bytes(field, channels):
    data = encode(about(field, channels))
    assert decode(data) == about(field, channels)
    assert len(data) <= (20 if field is COIN else 110)


def packed(text: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15, zdict=DICTIONARY)
    return packer.compress(text) + packer.flush()


GOOD = {"field": {"field": "mlp", "gates": ["dense"], "width": 4}, "signal": "images", "dims": 2, "channels": 3}
GOOD |= {"target": "symmetric"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "cannot be read"),
        (b"[" * 9999, "cannot be read"),
        (b"{" * 99, "cannot be read"),
        (b"a" * 2**24, "damaged, or has more than"),
        (b"3", "cannot be"),
        (b"\xff", "cannot be read"),
        (json.dumps({**GOOD, "dims": 9}).encode(), "dims = 9"),
        (json.dumps({**GOOD, "dims": 3}).encode(), "holds images of 3 channels on 3 axes; it must hold an image, of 1"),
        (json.dumps({**GOOD, "channels": 7}).encode(), "holds images of 7 channels on 2 axes"),
        (json.dumps({**GOOD, "signal": "volumes"}).encode(), "holds volumes of 3 channels on 2 axes"),
        (json.dumps({**GOOD, "dims": 10**9}).encode(), "above 65,536"),
        (json.dumps({**GOOD, "dims": float("nan")}).encode(), "NaN is no number"),
        (json.dumps({**GOOD, "signal": "smells"}).encode(), "signal = 'smells' is not known"),
        (json.dumps({**GOOD, "more": 1}).encode(), "more is not a known key"),
        (json.dumps({**GOOD, "field": {"field": "tree"}}).encode(), "field = 'tree' is not known"),
        (json.dumps({**GOOD, "field": {**GOOD["field"], "width": 2**17}}).encode(), "above 65,536"),
        (
            json.dumps({**GOOD, "field": {**GOOD["field"], "gates": ["segment"], "regions": 65}}).encode(),
            "regions = 65 is not",
        ),
    ],
    ids=range(17),
)
def test_what_cannot_be_is_refused_in_one_sentence(text, said):
    with pytest.raises(UserError, match=said) as error:
        decode(packed(text))
    assert "\n" not in str(error.value)


def test_the_good_description_of_these_tests_is_one():
    assert decode(packed(json.dumps(GOOD).encode())).field == Mlp(gates=("dense",), width=4)


def test_descriptions_beyond_all_use_are_not_written():
    with pytest.raises(UserError, match=r"has a description of .* bytes; it must have at most 4,096"):
        encode(about(Mlp(gates=("dense",) * 500, width=1)))


def test_data_that_are_no_deflate_stream_or_go_on_are_refused():
    for data in (b"\xff\xff", encode(about(COIN))[:-1], encode(about(COIN)) + b"x"):
        with pytest.raises(UserError, match="has a description that"):
            decode(data)


@pytest.mark.parametrize("field", [Mlp(gates=("dense",) * 3, width=60_000), Mfn(width=2, layers=60_000)])
def test_fields_of_too_many_weights_are_refused_before_they_take_memory(field):
    with pytest.raises(UserError, match="has a field of more"):
        about(field).shapes()
