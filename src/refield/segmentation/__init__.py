"""Segmenters, one to a file: each cuts an image into regions."""

from refield.segmentation.em import Em
from refield.segmentation.equal_bin import EqualBin
from refield.segmentation.multi_otsu import MultiOtsu
from refield.segmentation.random_map import RandomMap
from refield.segmentation.segmentation import Segmenter
from refield.segmentation.slic import Slic
from refield.segmentation.srm import Srm
from refield.segmentation.turned import Turned
from refield.segmentation.watershed import Watershed

SEGMENTERS: dict[str, type[Segmenter]] = {
    "multi_otsu": MultiOtsu,
    "equal_bin": EqualBin,
    "slic": Slic,
    "watershed": Watershed,
    "em": Em,
    "srm": Srm,
    "random_map": RandomMap,
    "turned": Turned,
}
