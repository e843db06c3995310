"""What every compressed file has around its content."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refield.coding.envelope import Reader, unwrap, varint, wrap
from refield.errors import UserError


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=50), st.integers(0, 255))
def test_a_body_comes_back(body, kind):
    assert unwrap(wrap(kind, body)) == (kind, body)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**26)))
def test_numbers_come_back_and_take_seven_bits_a_byte(numbers):
    data = b"".join(map(varint, numbers))
    reader = Reader(data)
    assert [reader.number(2**26, "it") for _ in numbers] == numbers
    assert reader.rest() == b""
    assert len(data) == sum(max(1, -(-number.bit_length() // 7)) for number in numbers)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no file of"),
        (b"\x80\x04\x95\x05pickle", "is no file of"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "is no file of"),
        (b"\x8bRFD", "checksum is wrong"),
        (wrap(1, b"body")[:-1], "checksum is wrong"),
        (wrap(1, b"body") + b"\0", "checksum is wrong"),
    ],
)
def test_what_is_no_file_is_said_to_be_none(data, said):
    with pytest.raises(UserError, match=said):
        unwrap(data)


def test_another_version_is_named(monkeypatch):
    monkeypatch.setattr("refield.coding.envelope.VERSION", 2)
    data = wrap(1, b"body")
    monkeypatch.undo()
    with pytest.raises(UserError, match="is of version 2 of the format; this refield reads version 1"):
        unwrap(data)


@pytest.mark.parametrize("data", [b"\x80", b"\xff\xff\xff\xff\xff\xff", b"\x80" * 9 + b"\0", varint(101)])
def test_numbers_that_end_nowhere_or_are_too_large_are_refused(data):
    with pytest.raises(UserError, match="damaged"):
        Reader(data).number(100, "it")
