"""Work that is the same every time, as one launch: a CUDA graph on a stream of its own. On a CPU, just the work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


class Replay:
    """Calls `work`, which takes and returns nothing, reads no tensor on the host and always uses the same memory.

    The first call runs as it is, and so compiles and allocates what there is to compile and allocate; the second is
    captured, unless `capture` says that it may not be. Several replays overlap on the device, and none changes
    another's bits.
    """

    def __init__(self, work: Callable[[], None], device: torch.device, capture: bool = True) -> None:
        self.work, self.capture = work, capture
        self.graph: torch.cuda.CUDAGraph | None = None
        self.called = False
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        if self.stream is not None:
            self.stream.wait_stream(torch.cuda.current_stream(device))  # for the memory that `work` finds filled

    @contextmanager
    def ordered(self) -> Iterator[None]:
        """What is launched here comes after the calls so far, and before the next."""
        if self.stream is None:
            yield
        else:
            with torch.cuda.stream(self.stream):
                yield

    def __call__(self) -> None:
        if self.stream is None:
            self.work()
            return
        with self.ordered():
            if not (self.called and self.capture):
                self.work()
            elif self.graph is not None:
                self.graph.replay()
        if self.called and self.capture and self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=self.stream):
                self.work()
            with self.ordered():
                self.graph.replay()
        self.called = True
