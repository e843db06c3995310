"""A column of the scores, said once: its name, and how tables show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A number that says how good a fit is, or what it costs."""

    name: str  # of the column
    title: str  # in tables
    digits: int  # decimals in tables
    higher_is_better: bool = True
    unit: str = ""


PSNR = Measure("psnr_8bit", "PSNR", 2, unit="dB")
SSIM = Measure("ssim", "SSIM", 4)
IOU = Measure("iou", "IoU", 4)
