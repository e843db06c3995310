"""The combinations of values that a study has fitted: which keys tell them apart, and what they are called."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from refield.errors import UserError
from refield.study import brief, short, varied

SEED = "seed"
NONE = "none"  # null in params.yaml, which is a value as others are
SETTING = "setting"  # the heading of combinations that have names of their own


def keys_of(scores: pd.DataFrame) -> list[str]:
    """The keys that tell combinations apart, seeds aside: what changes only together with an earlier one does not."""
    keys: list[str] = []
    for key in varied(scores):
        if key != SEED and _count(scores, [*keys, key]) > (_count(scores, keys) if keys else 1):
            keys.append(key)
    return keys


def called(scores: pd.DataFrame, names: Sequence[str], study: str) -> pd.DataFrame:
    """A study's scores with names for its combinations, in their order, in the place of values, if there are any.

    `UserError` unless each combination has one.
    """
    if not names:
        return scores
    parts = [part.drop(columns=[key for key in varied(part) if key != SEED]) for _, part in settings(scores)]
    if len(names) != len(parts):
        raise UserError(f"the study {study} has {len(parts)} combinations of values, and called {len(names)} names")
    for name, part in zip(names, parts, strict=True):
        part.insert(0, SETTING, name)
    return pd.concat(parts)


def settings(scores: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each combination in words, and its rows, in the study's order."""
    if keys := keys_of(scores):
        for values, part in scores.groupby(keys, sort=False, dropna=False):
            yield ", ".join(map(_word, values)), part
    else:
        yield "all", scores


def heading(scores: pd.DataFrame) -> str:
    """What these words are of."""
    return ", ".join(map(short, keys_of(scores))) or "seeds"


def ends_of(scores: pd.DataFrame) -> set[str]:
    """The lowest and the highest value of a study of one number, in words; none of others."""
    keys = keys_of(scores)
    if len(keys) != 1 or scores[keys[0]].dtype.kind not in "iuf":
        return set()
    return {brief(scores[keys[0]].min()), brief(scores[keys[0]].max())}


def _word(value: Any) -> str:
    return NONE if pd.isna(value) else brief(value)


def _count(scores: pd.DataFrame, keys: Sequence[str]) -> int:
    return scores.groupby([*keys], dropna=False).ngroups
