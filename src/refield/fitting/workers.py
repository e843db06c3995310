"""Threads that do one thing each: what a library splits among its own threads could change its bits."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

import numpy as np
import torch
from threadpoolctl import threadpool_limits

T = TypeVar("T")


class Workers:
    """As many threads as torch may use, of which each, while they are entered, computes alone.

    torch's own threads would go on spinning after each small sum of ours, on the workers' cores.
    """

    def __init__(self, most: int) -> None:
        self.threads = torch.get_num_threads()
        self.pool = ThreadPoolExecutor(min(self.threads, most), initializer=_begin)

    def __enter__(self) -> Self:
        self.limits = threadpool_limits(1, user_api="blas")
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        torch.set_num_threads(self.threads)
        self.limits.restore_original_limits()

    def map(self, work: Callable[[int], T], shards: Iterable[int]) -> Iterator[T]:
        """The results in the order of the shards, whoever is done first."""
        return self.pool.map(work, shards)


def _begin() -> None:
    torch.set_num_threads(1)
    # Of numbers below 1e-38, such as a Gaussian's far from its middle, a product takes a hundred times as long.
    torch.set_flush_denormal(True)
    np.seterr(all="ignore")  # of this thread; a fit that diverges says so by its loss
