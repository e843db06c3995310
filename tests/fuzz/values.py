"""Odd values of `-S`."""

import copy
import json
import re
from random import Random
from typing import Any

from fuzz import odd, trees
from fuzz.clones import ALWAYS, home
from fuzz.commands import WORDS
from fuzz.judge import Try
from fuzz.materials import Materials
from fuzz.place import Place
from fuzz.running import status_of

from refield.errors import UserError


def values(rng: Random, place: Place, materials: Materials) -> Try:
    """`refield plan -S`, mostly where the plan ends as soon as the values are right."""
    whole = rng.random() < 0.2
    home(materials, place, whole)
    choices = [_choice(rng, materials.params) for _ in range(rng.choice([1, 1, 2, 3]))]
    if rng.random() < 0.15:
        choices.append(rng.choice(WORDS))
    arguments = ["plan", *(part for choice in choices for part in ("-S", choice))]

    def act() -> str:
        try:
            return status_of(arguments, {}, place)
        except UserError as error:
            if "there is no git repository here" in str(error):
                return "values that are right"
            raise

    return Try(f"plan -S {[choice[:200] for choice in choices]}", act, ALWAYS, "*")


def _choice(rng: Random, tree: Any) -> str:
    """KEY=VALUE of params.yaml, or nearly."""
    keys, places = list[str](), list[Any]()
    while isinstance(tree, dict) and tree and (not keys or rng.random() < 0.9):
        keys.append(str(rng.choice(list(tree))))
        places.append(tree)
        tree = tree[keys[-1]]
    if rng.random() < 0.5:
        holder = {keys[-1]: copy.deepcopy(tree)}
        trees.alike(rng, holder, places)
        return f"{'.'.join(keys)}={_flow(holder[keys[-1]])}"
    if rng.random() < 0.2:
        keys.insert(rng.randrange(len(keys) + 1), rng.choice(["", "x", *WORDS]))
    return f"{'.'.join(keys)}={_value(rng)}"


def _flow(value: Any) -> str:
    """A value on one line, as one types it."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"\b(NaN|Infinity)\b", lambda found: {"NaN": ".nan", "Infinity": ".inf"}[found[0]], text)


def _value(rng: Random) -> str:
    match rng.randrange(6):
        case 0:
            return "".join(rng.choices([*odd.TOKENS, "a", "1", ", "], k=rng.randint(1, 9)))
        case 1:
            return f"{odd.BOMB}]"
        case 2:
            return rng.choice(list(odd.TOO_MUCH.values()))
        case 3:
            return str(rng.choice([0, 1, 2, "quick", "ours", "[quick]", "multi_otsu", "[dense, segment]", 1e-3]))
        case _:
            value = rng.choice([each for each in odd.ODD if not isinstance(each, str) or "\0" not in each])
            return (value if isinstance(value, str) else _flow(value))[:100_000]
