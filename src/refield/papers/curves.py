"""Rate-distortion curves that papers report, as numbers with their source; read strictly, as paper.yaml is."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, ValidationError, model_validator

from refield import yaml
from refield.scores.rates import Curve
from refield.settings import ConfigError, sentence
from refield.strict import Name, Strict

Address = Annotated[HttpUrl, Field(strict=False)]
Point = Annotated[tuple[Annotated[float, Field(gt=0)], float], Field(strict=False)]  # bits per pixel, PSNR in dB
Kind = Literal["field", "autoencoder", "codec"]


class Published(Strict):
    """One curve: of a field fitted to each image, of a network trained on others, or of a codec without learning."""

    label: str
    kind: Kind
    paper: Address  # that describes it
    source: Address  # of the numbers
    note: str | None = None
    points: list[Point] = Field(min_length=2)
    ms_ssim: list[Annotated[float, Field(gt=0, le=1)]] | None = None  # of each point, where the source has it

    @model_validator(mode="after")
    def points_rise(self) -> "Published":
        for (bpp, psnr), (next_bpp, next_psnr) in zip(self.points, self.points[1:], strict=False):
            if next_bpp <= bpp or next_psnr <= psnr:
                raise ValueError(f"points: [{next_bpp:g}, {next_psnr:g}] must have more of both than the one before")
        return self

    @model_validator(mode="after")
    def similarities_are_of_points(self) -> "Published":
        if self.ms_ssim is not None and len(self.ms_ssim) != len(self.points):
            raise ValueError(f"ms_ssim: {len(self.ms_ssim)} values are of {len(self.points)} points; give one of each")
        return self

    @property
    def curve(self) -> Curve:
        return Curve.of(*zip(*self.points, strict=True))

    @property
    def similarity(self) -> Curve | None:
        """MS-SSIM in the place of PSNR, if the source has it."""
        return Curve.of((bpp for bpp, _ in self.points), self.ms_ssim) if self.ms_ssim else None


class Curves(Strict):
    """All of a file: curves of one set of photographs, and what the page that shows them beside ours is called."""

    title: str
    about: str
    dataset: str
    curves: dict[Name, Published] = Field(min_length=1)


def read(file: Path) -> Curves:
    """The content of a file; `ConfigError` if it is missing or wrong."""
    try:
        return Curves.model_validate(yaml.load(file))
    except ValidationError as error:
        raise ConfigError(sentence(error, f"{file}: ")) from None
