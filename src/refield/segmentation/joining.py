"""Many small regions joined into few: how a segmenter that finds pieces comes to K regions.

Ward's criterion between neighbours: J. H. Ward, J. American Statistical Association 58(301), 1963; for images J.-M.
Beaulieu and M. Goldberg, IEEE Trans. PAMI 11(2), 1989. Colour is L*a*b*, in which squares of distances say more of what
belongs together than in RGB, and in whole hundredths, so that sums are exact and ties are ties on every machine.
"""

from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np

from refield.errors import UserError
from refield.segmentation.segmentation import Segmentation
from refield.signals.image import luma


def join(pieces: np.ndarray, image: np.ndarray, regions: int) -> Segmentation:
    """Join pieces, integers (h, w), of an image (h, w, c) uint8 into connected regions, from dark to bright.

    Whichever two neighbours are cheapest to join, the ones with the first pixels if several are, until `regions` are
    left. Pieces are 4-connected: separate parts of one are pieces of their own. `UserError` if fewer come out, or if
    neighbours of one mean colour would be left, which nothing tells apart.
    """
    from skimage.color import rgb2lab
    from skimage.measure import label

    colour = np.rint(rgb2lab(np.broadcast_to(image, (*image.shape[:2], 3))) * 100)
    pieces = label(pieces, background=pieces.min() - 1, connectivity=1) - 1
    pixels = np.bincount(pieces.ravel()).tolist()
    sums = [np.bincount(pieces.ravel(), channel.ravel()).astype(int).tolist() for channel in np.moveaxis(colour, 2, 0)]
    parent, neighbours = list(range(len(pixels))), _neighbours(pieces, len(pixels))

    def candidate(one: int, other: int) -> tuple[float, int, int, int]:
        n, m = pixels[one], pixels[other]
        # The squared error that it adds, n m / (n + m) |mean - mean|^2, in integers up to the one division.
        apart = sum((total[one] * m - total[other] * n) ** 2 for total in sums)
        return apart / (n * m * (n + m)), min(one, other), max(one, other), n + m

    left = len(pixels)
    heap = [candidate(one, other) for one, others in enumerate(neighbours) for other in others if one < other]
    heapify(heap)
    while heap:
        cost, one, other, size = heap[0]
        if cost > 0 and left <= regions:
            break
        heappop(heap)
        # A region only grows, so that its size tells whether it is still the one that the cost was computed for.
        if other not in neighbours[one] or size != pixels[one] + pixels[other]:
            continue
        parent[other], pixels[one], left = one, size, left - 1
        for total in sums:
            total[one] += total[other]
        for neighbour in neighbours[other]:
            neighbours[neighbour].remove(other)
            neighbours[neighbour].add(one)
        neighbours[one] = (neighbours[one] | neighbours[other]) - {one}
        neighbours[other] = set()
        for neighbour in neighbours[one]:
            heappush(heap, candidate(one, neighbour))
    if left < regions:
        raise UserError(
            f"its {left} areas of distinct colour are too few for {regions} regions; "
            "lower its map's regions, have the segmenter find smaller pieces, or leave the image out of images.names"
        )
    return dark_to_bright(roots(parent)[pieces], image)


def _neighbours(pieces: np.ndarray, count: int) -> list[set[int]]:
    """Of each piece, those that share the side of a pixel with it."""
    across = np.stack([pieces[:, :-1].ravel(), pieces[:, 1:].ravel()])
    down = np.stack([pieces[:-1].ravel(), pieces[1:].ravel()])
    pairs = np.sort(np.concatenate([across, down], axis=1), axis=0).astype(np.int64)
    low, high = np.divmod(np.unique((pairs[0] * count + pairs[1])[pairs[0] != pairs[1]]), count)
    order = np.argsort(np.concatenate([low, high]), kind="stable")
    ends = np.bincount(np.concatenate([low, high]), minlength=count).cumsum().tolist()
    others = np.concatenate([high, low])[order].tolist()
    return [set(others[start:end]) for start, end in pairwise([0, *ends])]


def roots(parent: list[int]) -> np.ndarray:
    """The root `(n,)` of each node of a forest of trees, where a root is its own parent."""
    above = np.array(parent)
    while (up := above[above]).tolist() != above.tolist():
        above = up
    return above


def dark_to_bright(labels: np.ndarray, image: np.ndarray) -> Segmentation:
    """Labels, integers (h, w), renamed in order of the regions' mean luma; of equal ones by their first pixels."""
    _, first, named = np.unique(labels, return_index=True, return_inverse=True)
    named = named.reshape(labels.shape)
    mean = np.bincount(named.ravel(), luma(image).ravel()) / np.bincount(named.ravel())
    rank = np.empty(len(first), np.uint8)
    rank[np.lexsort((first, mean))] = np.arange(len(first))
    return Segmentation(rank[named])
