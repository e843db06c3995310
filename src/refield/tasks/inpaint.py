"""Inpainting: the field is fitted to the visible pixels, and scored where it saw nothing.

The mask depends on the settings and the image's size alone, so all images of a size have the same. Labels are passed on
as they come: regions that were cut from the whole image tell a field about hidden pixels.
"""

import hashlib
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Float, Integer
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont
from pydantic import Field, StringConstraints, model_validator

from refield.errors import UserError, shown
from refield.files import read
from refield.scores import controls, metrics
from refield.scores.measure import PSNR, SSIM, Measure
from refield.signals.image import as_image
from refield.signals.photographs import load
from refield.signals.signal import Signal
from refield.strict import Strict, added
from refield.tasks.problem import Problem

PSNR_HIDDEN = Measure("psnr_hidden", "PSNR hidden", 2, unit="dB")
PSNR_VISIBLE = Measure("psnr_visible", "PSNR visible", 2, unit="dB")
PSNR_BIHARMONIC = Measure("psnr_hidden_biharmonic", "PSNR hidden, biharmonic", 2, unit="dB")

SENTENCE = "a field is fitted to the pixels that are seen and must fill in those that lie under these words"
LINES = 8  # of text in an image's height
SMALLEST_FONT = 8  # pixels: letters of less are no letters, so an image of few rows has fewer lines

Place = Annotated[int, Field(ge=0, strict=True)]  # a row's or a column's


class Inpaint(Strict):
    """Hide pixels at random, under lines of text or where a file says, fit the others, and score both apart."""

    mask: Literal["random", "text", "file"] = "random"
    hidden: float = Field(0.8, gt=0, lt=1)  # the share of pixels that `random` hides; unused by others
    mask_seed: int = Field(0, ge=0)  # which pixels are drawn, or in which order the words come; unused by `file`
    # A picture as large as the image, in a format of photographs, black where it hides and white elsewhere, as those of
    # deep image prior; its path is absolute or begins where the command runs. A fit is known by both keys, so that no
    # other picture can take the place of the one that was meant.
    mask_file: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$")] | None = added(None)
    mask_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = added(None)  # of the file's bytes
    # The picture may also be larger, as large as the photograph of which the image is a part: then this is the
    # picture's pixel, [row, column], where the image begins.
    mask_corner: Annotated[tuple[Place, Place], Field(strict=False)] | None = added(None)

    least_squares: ClassVar[bool] = True
    measures: ClassVar[tuple[Measure, ...]] = (PSNR_HIDDEN, PSNR_VISIBLE, PSNR, SSIM, PSNR_BIHARMONIC)
    only_scores: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def a_file_is_named_with_its_sha256(self) -> "Inpaint":
        named = (self.mask_file is not None) + (self.mask_sha256 is not None)
        if self.mask == "file" and named < 2:
            raise ValueError("mask: file needs both mask_file and mask_sha256, as sha256sum says it")
        if self.mask != "file" and (named or self.mask_corner is not None):
            keys = "mask_file, mask_sha256 and mask_corner"
            raise ValueError(f"mask: {self.mask} has no file; remove {keys}, or write mask: file")
        return self

    def draw_mask(self, shape: tuple[int, int]) -> np.ndarray:
        """Where an image of `shape` (height, width) is hidden, as bool (h, w); `UserError` if all of it is, or nothing.

        `random` hides exactly round(hidden * h * w) pixels, and those that a smaller share hides are among them. The
        pixels under `text` depend on the version of Pillow, which brings the font and the FreeType that draws it. The
        picture of `file` is read every time; `UserError` names what is wrong with it.
        """
        height, width = shape
        rng = np.random.default_rng(self.mask_seed)
        match self.mask:
            case "random":
                setting, mask = f"task.hidden = {self.hidden}", _random(height, width, self.hidden, rng)
            case "text":
                setting, mask = "task.mask = text", _text(height, width, rng)
            case "file":
                setting, mask = f"task.mask_file = {shown(self.mask_file)}", _file(self.mask_file, self.mask_sha256)
                if self.mask_corner is not None:
                    mask = _window(mask, self.mask_corner, shape, setting)
        if mask.shape != shape:
            sides = " x ".join(map(str, mask.shape))
            raise UserError(f"has {height} x {width} pixels, and {setting} has {sides}; both must be of one size")
        if mask.all() or not mask.any():
            raise UserError(
                f"has {height} x {width} pixels, of which {setting} hides {'all' if mask.all() else 'none'}; "
                "some must be hidden and some visible"
            )
        return mask

    def problem(self, signal: Signal, labels: Integer[np.ndarray, " n"] | None) -> Problem:
        """All pixels, of which the hidden ones count nothing: the error of the others is their own mean."""
        visible = ~self.draw_mask(as_image(signal).shape).reshape(-1)
        return Problem(signal.points(), signal.values(), signal.channels, labels, visible.astype(np.float64))

    def finish(self, values: Float[np.ndarray, "n c"], signal: Signal) -> Signal:
        """The field's own pixels everywhere; the visible ones are not put back."""
        return signal.with_values(values)

    def score(self, signal: Signal, estimate: Signal) -> dict[str, float]:
        """PSNR in dB over the hidden, the visible and all pixels of the 8-bit images, and SSIM of the whole.

        And the PSNR of what a biharmonic surface through the visible pixels says of the hidden ones, without any field.
        """
        original, reconstruction = as_image(signal).pixels, as_image(estimate).pixels
        mask = self.draw_mask(as_image(signal).shape)

        def psnr_where(where: np.ndarray, estimate: np.ndarray = reconstruction) -> float:
            return metrics.psnr_8bit(original[where][None], estimate[where][None])  # as one row of pixels

        return {
            PSNR_HIDDEN.name: psnr_where(mask),
            PSNR_VISIBLE.name: psnr_where(~mask),
            PSNR.name: metrics.psnr_8bit(original, reconstruction),
            SSIM.name: metrics.ssim(original, reconstruction),
            PSNR_BIHARMONIC.name: psnr_where(mask, controls.biharmonic(original, mask)),
        }


def _random(height: int, width: int, hidden: float, rng: np.random.Generator) -> np.ndarray:
    mask = np.zeros(height * width, dtype=bool)
    mask[rng.permutation(mask.size)[: round(hidden * mask.size)]] = True
    return mask.reshape(height, width)


def _text(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Lines of words from edge to edge, each in an order of its own."""
    size, words = max(SMALLEST_FONT, height // LINES), SENTENCE.split()
    font = ImageFont.load_default(size)
    picture = Pillow.new("1", (width, height))  # of two values: a pixel is hidden or it is not
    pen = ImageDraw.Draw(picture)
    for top in range(0, height, size):
        line = ""
        while font.getlength(line) < width:
            line += "".join(f"{word} " for word in rng.permutation(words))
        pen.text((0, top), line, fill=1, font=font)
    return np.array(picture)


def _window(mask: np.ndarray, corner: tuple[int, int], shape: tuple[int, int], setting: str) -> np.ndarray:
    """The part of a larger picture's mask that an image has; `UserError` if it does not have all of that."""
    (row, column), (height, width) = corner, shape
    rows, columns = (max(0, side - start) for side, start in zip(mask.shape, corner, strict=True))
    if rows < height or columns < width:
        raise UserError(
            f"has {height} x {width} pixels, and from task.mask_corner = {list(corner)} on {setting} has "
            f"{rows} x {columns}; the image must lie within it"
        )
    return mask[row : row + height, column : column + width]


def _file(name: str | None, sha256: str | None) -> np.ndarray:
    """A picture's mask: black hides, white does not; `UserError` if it is missing, another, or no mask."""
    path = Path(name or "")
    try:
        found = hashlib.sha256(read(path, links=True)).hexdigest()
        if found != sha256:
            raise UserError(f"{path} has the sha256 {found}; task.mask_sha256 is {sha256}")
        pixels = load(path, "grey")[..., 0]
        if not np.isin(pixels, (0, 255)).all():
            raise UserError(f"{path} has greys; it must be black where it hides and white elsewhere")
    except UserError as error:
        raise UserError(f"task.mask_file: {error}") from None
    return pixels == 0
