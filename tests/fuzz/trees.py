"""Files of settings and records as trees: any node may become something else; then written as YAML or JSON."""

import copy
import io
import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

from fuzz import octets
from fuzz.odd import BOMB, NAMES, NUMBERS, OF_YAML, SHELL, TOKENS, TOO_MUCH, odd
from ruamel.yaml import YAML


def changed(rng: Random, tree: Any, shared: bool = False) -> Any:
    """A copy of the tree with one to four changes, in half of the cases such as a user might have made.

    `shared`: a part may also stand in two places, or in itself.
    """
    tree = copy.deepcopy(tree)
    changes = GENTLE if rng.random() < 0.5 else [*CHANGES, *([share] if shared else [])]
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        holders = [node for node in nodes(tree) if isinstance(node, dict | list) and node]
        if not holders:
            return odd(rng)
        rng.choice(changes)(rng, rng.choice(holders), holders)
    return tree


def nodes(tree: Any) -> Iterator[Any]:
    """All that is in a tree, parts that stand in several places once."""
    seen, left = set[int](), [tree]
    while left:
        node = left.pop()
        if isinstance(node, dict | list):
            if id(node) in seen:
                continue
            seen.add(id(node))
            left += node.values() if isinstance(node, dict) else node
        yield node


def _key(rng: Random, holder: Any) -> Any:
    return rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))


def replace(rng: Random, holder: Any, holders: list[Any]) -> None:
    holder[_key(rng, holder)] = odd(rng)


def delete(rng: Random, holder: Any, holders: list[Any]) -> None:
    del holder[_key(rng, holder)]


def duplicate(rng: Random, holder: Any, holders: list[Any]) -> None:
    value = copy.deepcopy(holder[_key(rng, holder)])
    _add(rng, holder, value)


def add(rng: Random, holder: Any, holders: list[Any]) -> None:
    _add(rng, holder, odd(rng))


def _add(rng: Random, holder: Any, value: Any) -> None:
    if isinstance(holder, dict):
        holder[rng.choice([*SHELL, *NAMES, "a", "", "x" * 300, "a.b", "ü"])] = value
    else:
        holder.insert(rng.randrange(len(holder) + 1), value)


def rename(rng: Random, holder: Any, holders: list[Any]) -> None:
    if isinstance(holder, dict):
        key = _key(rng, holder)
        items = [
            (rng.choice([*SHELL, *NAMES, f"{key} ", ""]) if name == key else name, holder[name]) for name in holder
        ]
        holder.clear()
        holder.update(items)


def nest(rng: Random, holder: Any, holders: list[Any]) -> None:
    key = _key(rng, holder)
    for _ in range(rng.choice([1, 1, 2, 40])):
        holder[key] = rng.choice([lambda value: [value], lambda value: {"a": value}])(holder[key])


def scale(rng: Random, holder: Any, holders: list[Any]) -> None:
    """A number becomes another, and text a part of it or more of it."""
    key = _key(rng, holder)
    match holder[key]:
        case bool():
            holder[key] = not holder[key]
        case int() | float() as number:
            holder[key] = rng.choice([-number, number + 1, number - 1, float(number), str(number), number * 10**6])
        case str() as text:
            holder[key] = rng.choice([text[1:], text.upper(), f" {text}", f"{text}\n", [text], text * 50, f"{text}\0"])


def move(rng: Random, holder: Any, holders: list[Any]) -> None:
    """A copy of a part from elsewhere."""
    other = rng.choice(holders)
    holder[_key(rng, holder)] = copy.deepcopy(other[_key(rng, other)] if other else odd(rng))


def alike(rng: Random, holder: Any, holders: list[Any]) -> None:
    """Another value of the same type."""
    key = _key(rng, holder)
    match holder[key]:
        case bool():
            holder[key] = not holder[key]
        case int() | float() as number:
            holder[key] = rng.choice([each for each in NUMBERS if isinstance(each, type(number))])
        case str():
            texts = [each for each in nodes(holders[0]) if isinstance(each, str)]
            holder[key] = rng.choice([*texts, *NAMES] or NAMES)
        case list() as items if items:
            holder[key] = rng.choices(items, k=rng.choice([1, len(items), 2 * len(items), 500]))
        case dict():
            holder[key] = copy.deepcopy(rng.choice([each for each in holders if isinstance(each, dict)] or [{}]))


def share(rng: Random, holder: Any, holders: list[Any]) -> None:
    holder[_key(rng, holder)] = rng.choice(holders)


GENTLE = [alike, alike, alike, alike, scale, delete, duplicate]
CHANGES = [replace, replace, replace, delete, duplicate, add, rename, nest, scale, scale, move]


def as_json(rng: Random, tree: Any) -> bytes:
    """The tree as JSON, sometimes no longer quite JSON."""
    text = re.sub(
        r'"(@\w+@)"', lambda found: TOO_MUCH.get(found[1], found[0]), json.dumps(tree, indent=rng.choice([None, 1]))
    )
    data = text.encode(errors="surrogatepass")
    return octets.changed(rng, data, data) if rng.random() < 0.1 else data


def as_yaml(rng: Random, tree: Any) -> bytes:
    """The tree as YAML, sometimes no longer quite YAML, or with aliases of which there are billions."""
    if rng.random() < 0.08 and isinstance(tree, dict | list) and tree:
        tree[_key(rng, tree)] = rng.choice(OF_YAML)
    out = io.StringIO()
    YAML(typ="safe").dump(tree, out)
    text = re.sub(r"""["']?(@\w+@)["']?""", lambda found: TOO_MUCH.get(found[1], found[0]), out.getvalue())
    if rng.random() < 0.03:
        text = re.sub(r": \S+\n", lambda found: f": {BOMB}]\n", text, count=1)
    if rng.random() < 0.1:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(TOKENS) + text[at:]
    data = text.encode(errors="surrogatepass")
    return octets.changed(rng, data, data) if rng.random() < 0.08 else data
