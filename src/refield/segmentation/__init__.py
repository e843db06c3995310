"""Segmenters, one to a file: each maps a luminance image to regions."""

from refield.segmentation.equal_bin import equal_bin
from refield.segmentation.maps import Segmenter, by_luminance
from refield.segmentation.multi_otsu import multi_otsu
from refield.segmentation.random_map import random_map
from refield.segmentation.turned import turned

SEGMENTERS: dict[str, Segmenter] = {
    "multi_otsu": by_luminance(multi_otsu),
    "equal_bin": by_luminance(equal_bin),
    "random_map": random_map,
    "turned": turned,
}
