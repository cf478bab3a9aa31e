"""What to do when a device has no memory left: use less, and remember how much worked."""

import gc
from collections.abc import Callable
from typing import TypeVar

from shared.observability import logger

T = TypeVar("T")

_SAID = ("out of memory", "alloc_failed", "cannot allocate memory", "bad_alloc")
log = logger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is what torch, CTranslate2, ONNX Runtime or Python raise when memory runs out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _SAID)


class SafeSize:
    """A size of batches that is halved whenever memory runs out, for as long as the process lives.

    `release` frees what a failed attempt left on the device, e.g. `torch.cuda.empty_cache`.
    """

    def __init__(self, size: int, release: Callable[[], None] | None = None) -> None:
        self._size = max(1, size)
        self._release = release

    @property
    def size(self) -> int:
        """The largest size that is still assumed to work."""
        return self._size

    def shrink(self, tried: int) -> None:
        """Assume half of `tried`, which was too much, and free what it left behind."""
        self._size = max(1, min(self._size, tried // 2))
        log.warning("out_of_memory", tried=tried, size=self._size)
        gc.collect()
        if self._release is not None:
            self._release()

    def run(self, work: Callable[[int], T]) -> T:
        """Do `work` at the current size, halving it as long as memory runs out.

        Raises:
            Exception: what `work` raised: anything but a lack of memory, or a lack of memory even at size 1.
        """
        while True:
            size = self._size
            try:
                return work(size)
            except Exception as error:
                if size == 1 or not is_out_of_memory(error):
                    raise
            self.shrink(size)  # outside the handler, whose traceback keeps the tensors alive
