"""Numbers in words."""

UNITS = (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0), ("second", 1.0))
FROM = 1.5  # of a unit: less is said in the next smaller one


def duration(seconds: float) -> str:
    """Such as "40 seconds", "2.5 minutes", "6 hours" or "12 days": no more digits than an estimate has."""
    unit, length = _unit(seconds)
    number = _number(seconds / length)
    return f"{number} {unit}{'' if number == '1' else 's'}"


def bounds(low: float, likely: float, high: float) -> str:
    """What stands in brackets after a duration: "27 to 36", in its own unit, or "60 seconds to 1.8 minutes"."""
    unit, length = _unit(likely)
    if _unit(low) == _unit(high) == (unit, length):
        return f"{_number(low / length)} to {_number(high / length)}"
    return f"{duration(low)} to {duration(high)}"


def _unit(seconds: float) -> tuple[str, float]:
    return next((each for each in UNITS if seconds >= FROM * each[1]), UNITS[-1])


def _number(value: float) -> str:
    """Two digits, or all of a whole number."""
    return f"{max(value, 0.1):.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
