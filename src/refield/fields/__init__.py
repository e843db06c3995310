"""Coordinate networks, one to a file: each describes itself, draws its initial weights and evaluates points."""

from refield.fields.gated import Gated

FIELDS: dict[str, type[Gated]] = {
    "gated": Gated,
}
