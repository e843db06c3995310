"""Numbers in words."""


def duration(seconds: float) -> str:
    """Such as "40 seconds", "25 minutes", "6 hours" or "12 days": no more digits than an estimate has."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{max(1, round(seconds))} seconds"
