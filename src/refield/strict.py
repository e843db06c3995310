"""Settings as frozen models that refuse what they do not know."""

from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]  # of files, too
Regions = Annotated[int, Field(ge=2, le=64)]  # K, the number of regions of a map


class Strict(BaseModel):
    """A frozen model that refuses unknown keys and values of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Described(Protocol):
    """What every `Strict` model has: the values of its keys."""

    def model_dump(self, *, mode: str = ..., exclude: set[str] | None = ...) -> dict[str, Any]: ...


def added(default: Any, **constraints: Any) -> Any:
    """A key that joined a model later: it is part of a description only where it is not its default, so that what was
    described before, and is known by a digest of that, stays as it was. Such a default may never change."""
    return Field(default, exclude_if=lambda value: bool(value == default), **constraints)
