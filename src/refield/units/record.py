"""What a unit's folder says of itself: the sha256 of each file, and where, when and how the fit was made.

Other machines write into the same store, so a record is input: with whatever is not right in it the unit is damaged.
"""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from refield.strict import Strict
from refield.units.names import are_of_a_unit

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # a sha256, such as a unit's key
LONGEST = 2000  # characters
# Of names and reasons, which are printed and stand in tables: no control characters.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$", max_length=LONGEST)]
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

# What studies and reports read of a unit's provenance.
NEEDED: dict[str, type | tuple[type, ...]] = {"seconds": (float, int), "together": int, "seed": int}
NEEDED |= dict.fromkeys(("date", "device", "precision", "torch", "code"), str)
TAKEN = {"profile", "method", "image", "unit"}  # columns that their tables have besides


class Record(Strict):
    """The content of unit.json."""

    files: dict[str, Digest]
    provenance: Annotated[dict[Column, bool | Number | Text], Field(max_length=64)]

    @field_validator("files")
    @classmethod
    def they_are_a_units(cls, files: dict[str, str]) -> dict[str, str]:
        if not are_of_a_unit(files):
            raise ValueError("these are not the files of a unit")
        return files

    @field_validator("provenance")
    @classmethod
    def tables_can_be_made_of_it(cls, provenance: dict[str, object]) -> dict[str, object]:
        for name, kind in NEEDED.items():
            if not isinstance(provenance.get(name), kind) or isinstance(provenance[name], bool):
                raise ValueError(f"{name} is missing or of another type")
        if taken := TAKEN.intersection(provenance):
            raise ValueError(f"{min(taken)} cannot be part of it")
        return provenance
