"""Units that cannot be fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from refield.errors import UserError
from refield.units.store import Made
from refield.units.unit import Unit

DIVERGED = "diverged: "  # so begins the reason of a fit whose loss is no longer a number: its settings do not serve it


@dataclass(frozen=True)
class Failed:
    """A unit that cannot be fitted, and why."""

    reason: str


class FitsFailed(UserError):
    """Some of the units that were asked for cannot be fitted; those that can be have been."""

    def __init__(self, title: str, units: Sequence[Unit], reasons: Mapping[str, str], made: Mapping[str, Made]) -> None:
        """`reasons` and `made` are by key."""
        self.reasons, self.made = dict(reasons), dict(made)
        said = "; ".join(f"{unit.name}: {self.reasons[unit.key()]}" for unit in units if unit.key() in self.reasons)
        super().__init__(f"{title}: {len(self.reasons)} of {len(units)} fits failed; {said}")

    @property
    def only_diverged(self) -> bool:
        """Whether all that failed have diverged, as they would again."""
        return all(reason.startswith(DIVERGED) for reason in self.reasons.values())
