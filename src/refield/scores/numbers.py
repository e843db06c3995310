"""Numbers as tables and sentences have them."""

import math

DASH = "—"  # what was not measured


def number(value: float, digits: int = 2, sign: str = "") -> str:
    """Fixed decimals, `DASH` for a missing value, `∞` for an infinite one, and no negative zero."""
    if math.isnan(value):
        return DASH
    return "∞" if math.isinf(value) else f"{round(value, digits) + 0.0:{sign},.{digits}f}"
