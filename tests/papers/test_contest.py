"""Statements of order: who is said to be above whom, and where each stands."""

from typing import Any

import pytest
from pydantic import ValidationError

from refield.papers import Claim, Contest
from refield.papers.discussion import Discussion

HERE, THERE = ({"method": "plain", "profile": profile} for profile in ("quick", "slow"))
LOW, HIGH = ({"method": "plain", "at": {"seed": seed}} for seed in (0, 1))


def contest(contestants: dict[str, Any], **keys: Any) -> Contest:
    return Contest.model_validate({"text": "so", "contestants": contestants, **keys})


@pytest.mark.parametrize(
    ("order", "pairs"),
    [
        ("chain", [("a", "b"), ("b", "c")]),
        ("first", [("a", "b"), ("a", "c")]),
        ("last", [("a", "c"), ("b", "c")]),
    ],
)
def test_orders_of_methods_are_those_of_contestants(order: str, pairs: list[tuple[str, str]]) -> None:
    each = {name: {"method": name, "profile": "quick"} for name in "abc"}
    assert contest(each, order=order).pairs == pairs
    claim = Claim.model_validate({"text": "so", "of": "average", "methods": [*each], "order": order})
    assert claim.pairs == pairs
    assert claim.holds({"a": 3, "b": 2, "c": 1})
    assert claim.holds({"a": 2, "b": 3, "c": 1}) == (order == "last")
    assert claim.holds({"a": 3, "b": 1, "c": 2}) == (order == "first")
    assert claim.holds({"a": 3, "b": 1, "c": 1}) == (order == "first")  # a tie does not hold


@pytest.mark.parametrize(
    ("keys", "held"),
    [
        ({"least": 0.0}, [False, True, True]),
        ({"most": 0.0}, [True, True, False]),
        ({"least": 0.0, "most": 0.5}, [False, True, False]),
    ],
)
def test_levels_are_not_passed_downwards_or_upwards(keys: dict[str, float], held: list[bool]) -> None:
    """What is on a level neither falls short of it nor passes it; of a level there are no pairs."""
    claim = Claim.model_validate({"text": "so", "of": "highest", "methods": ["a"], **keys})
    assert [claim.holds({"a": value}) for value in (-0.1, 0.0, 0.6)] == held
    assert claim.pairs == []
    assert claim.holds({}) is None
    two = claim.model_copy(update={"methods": ["a", "b"]})
    assert [two.holds({"a": 0.0, "b": value}) for value in (-0.1, 0.0, 0.6)] == held


@pytest.mark.parametrize(
    ("contestants", "keys", "message"),
    [
        ({"one": HERE}, {}, "at least 2 items"),
        ({"one": HERE, "two": HERE}, {}, "contestants has one twice"),
        ({"one": LOW, "two": HIGH}, {}, "one has no profile, and the claim no studies"),
        ({"one": LOW, "two": HERE}, {"studies": ["seeds"]}, "two has a profile, and the claim has studies"),
        ({"one": {**HERE, "at": {"seed": 0}}, "two": THERE}, {}, "one has at, which are values of a study"),
        ({"one": HERE, "two": THERE}, {"order": "middle"}, "order"),
        ({"one": HERE, "two": THERE}, {"order": "first", "least": 13.0}, "least is a level of all contestants"),
    ],
)
def test_mistakes_are_named(contestants: dict[str, Any], keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        contest(contestants, **keys)


def test_studies_of_claims_are_shown_and_methods_are_labelled() -> None:
    claim = {"text": "so", "studies": ["seeds"], "contestants": {"low": LOW, "high": HIGH}}
    shown = {"title": "Seeds", "study": "seeds", "show": "seeds"}
    plan = {"title": "What", "gain": "it", "claims": [claim]}
    assert Discussion.model_validate({**plan, "studies": [shown]}).methods == {"plain"}
    with pytest.raises(ValidationError, match="a claim names the study seeds, which studies does not show"):
        Discussion.model_validate(plan)
