"""Compressed files that were changed at random: each is refused in a sentence, or is another file, within bounds.

`pytest -m slow tests/coding/test_mutations.py` writes its counts into docs/reliability.md.
"""

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import reliability
from coding.examples import GOLDEN, mended

from refield.coding import description, file
from refield.coding.envelope import HEAD, Reader, varint
from refield.errors import UserError

FILES = {file.stem: file.read_bytes() for file in sorted(GOLDEN.glob("*.rfd"))}
LATENTS = 3
KINDS = {1: "fields in half precision", 2: "fields of quantised weights", LATENTS: "latents"}
# Of a processor, for these files. A table of the range coder's of 2,000 numbers takes some milliseconds, and each of
# some 300 latents may have one of its own.
SECONDS = {1: 1, 2: 1, LATENTS: 5}
MOST_WORK = 10**6  # weights times pixels, above which a picture may take longer than that
COUNT, SEED = 5000, 1
TEXT = f"""\
Made by `pytest -m slow tests/coding/test_mutations.py`: {COUNT:,} mutations from the seed {SEED} of the files in
tests/coding/golden, with one to three changes each, bits turned, bytes cut out or put in; a quarter of the fields' also
have another width. As it is, each is refused for its checksum, but where changes undo each other. With a checksum that
is right, as who means harm would write it, it is refused in a sentence, or is another file. Either takes less than
{SECONDS[1]} second of a processor, of latents less than {SECONDS[LATENTS]}; so does the picture with it, unless a
large network draws it.

| what is changed | mutations | refused by their checksum | with a right one: refused in a sentence | another file |
| --- | ---: | ---: | ---: | ---: |
"""


def widened(data: bytes, width: int) -> bytes:
    """A field's file with the description of one of another width."""
    reader = Reader(data[HEAD:])
    about = description.decode(reader.take(reader.number(4096, "its length")))
    text = description.encode(replace(about, field=about.field.model_copy(update={"width": width})))
    return data[:HEAD] + varint(len(text)) + text + reader.rest()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Bits flipped, bytes cut out and put in, other widths."""
    changed = bytearray(data)
    if data[5] != LATENTS and not rng.integers(4):
        changed[:] = widened(data, int(2 ** rng.uniform(1, 13)))
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(5, len(changed) - 4)) if rng.integers(2) else int(rng.integers(5, 60))
        change = rng.integers(3)
        if change == 0:
            changed[at] ^= 1 << rng.integers(8)
        elif change == 1:
            del changed[at]
        else:
            changed.insert(at, rng.integers(256))
    return bytes(changed)


def outcome(data: bytes) -> str:
    """What comes of a file; a picture as well, if it is none of a great network."""
    try:
        found = file.decode(data)
        if found.samples * sum(array.size for array in found.weights.values()) < MOST_WORK:
            found.signal()
    except UserError:
        return "refused"
    return "another"


def mutate(count: int, seed: int) -> Counter[tuple[int, str]]:
    """How often what came of each kind of file, with the old checksum and with one that is right.

    Whatever comes of it takes `SECONDS` at most: one of a field, more of latents.
    """
    rng, names, counts = np.random.default_rng(seed), sorted(FILES), Counter[tuple[int, str]]()
    for whole in FILES.values():
        file.decode(whole).signal()  # what is imported on the way takes more
    for i in range(count):
        whole = FILES[names[i % len(names)]]
        kind, data = whole[5], mutated(whole, rng)
        if data != whole:
            with pytest.raises(UserError):
                file.decode(data)
            counts[kind, "by checksum"] += 1
        start = time.process_time()
        counts[kind, outcome(mended(data))] += 1
        # A mutation may have made one kind of another.
        took, most = time.process_time() - start, SECONDS.get(data[5], 1)
        assert took < most, (names[i % len(names)], data.hex())
    return counts


def rows(counts: Counter[tuple[int, str]]) -> list[str]:
    """A line for each kind, and one for all."""
    lines = []
    for words, kinds in [*((words, [kind]) for kind, words in KINDS.items()), ("all", [*KINDS])]:
        by_checksum, *numbers = (
            sum(counts[kind, how] for kind in kinds) for how in ("by checksum", "refused", "another")
        )
        lines.append(
            f"| {words} | " + " | ".join(f"{each:,}" for each in (sum(numbers), by_checksum, *numbers)) + " |\n"
        )
    return lines


def test_mutations_are_refused_or_are_other_files():
    mutate(300, seed=0)


@pytest.mark.slow
def test_very_many_mutations_are_refused_or_are_other_files():
    reliability.write("Compressed files", TEXT + "".join(rows(mutate(COUNT, SEED))))
