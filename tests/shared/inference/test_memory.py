"""Less is asked of a device that has no memory left."""

import pytest

from shared.inference import SafeSize, is_out_of_memory


class OutOfMemoryError(RuntimeError):
    """By the name torch gives it."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OutOfMemoryError("CUDA"), True),
        (RuntimeError("CUDA failed with error out of memory"), True),
        (RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_a_lack_of_memory_is_recognized(error: Exception, expected: bool) -> None:
    """As torch, CTranslate2 and Python say it."""
    assert is_out_of_memory(error) is expected


def test_the_size_is_halved_until_it_fits_and_stays() -> None:
    """The next piece of work begins with what was well."""
    tried: list[int] = []

    def work(size: int) -> int:
        tried.append(size)
        if size > 4:
            raise MemoryError
        return size

    sizes = SafeSize(16)
    assert sizes.run(work) == 4
    assert sizes.run(work) == 4
    assert tried == [16, 8, 4, 4]


def test_at_size_one_the_error_is_raised() -> None:
    """There is nothing left to halve."""

    def work(size: int) -> int:
        raise MemoryError(str(size))

    with pytest.raises(MemoryError, match="1"):
        SafeSize(2).run(work)


def test_another_error_is_raised_at_once() -> None:
    """A smaller batch would not help."""
    tried: list[int] = []

    def work(size: int) -> int:
        tried.append(size)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        SafeSize(8).run(work)
    assert tried == [8]
