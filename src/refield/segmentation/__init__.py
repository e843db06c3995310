"""Segmenters, one to a file: each cuts an image into regions."""

from refield.segmentation.equal_bin import EqualBin
from refield.segmentation.multi_otsu import MultiOtsu
from refield.segmentation.random_map import RandomMap
from refield.segmentation.segmentation import Segmenter
from refield.segmentation.turned import Turned

SEGMENTERS: dict[str, type[Segmenter]] = {
    "multi_otsu": MultiOtsu,
    "equal_bin": EqualBin,
    "random_map": RandomMap,
    "turned": Turned,
}
