"""A tool at the end of a pipe: read or written, stopped with its body, its failure told in its own words."""

import sys
import threading

import psutil
import pytest

from shared.media import ToolLimits, piped_tool
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError

NO_END = "import sys, time\nwhile True: sys.stdout.write('x' * 100); sys.stdout.flush(); time.sleep(0.01)"


def python(code: str) -> list[str]:
    """A command that runs `code`."""
    return [sys.executable, "-c", code]


def children() -> set[int]:
    """Processes below this one."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_what_the_tool_prints_is_read_to_the_end() -> None:
    """More than a pipe holds."""
    with piped_tool(python("print('x' * 1_000_000, end='')"), CancelToken(), stdout=True) as pipe:
        assert pipe.read() == b"x" * 1_000_000


def test_what_is_written_reaches_the_tool_before_it_ends() -> None:
    """Leaving the body closes stdin and waits for the exit code."""
    check = "import sys; sys.exit(0 if len(sys.stdin.buffer.read()) == 1_000_000 else 'short')"
    with piped_tool(python(check), CancelToken(), stdin=True) as pipe:
        pipe.write(b"x" * 1_000_000)


def test_a_tool_that_fails_while_it_is_written_to_tells_why() -> None:
    """Not the broken pipe, but its own words."""
    complaint = python("import sys; sys.exit('no such codec')")
    with (
        pytest.raises(PermanentError, match="no such codec") as caught,
        piped_tool(complaint, CancelToken(), stdin=True) as pipe,
    ):
        pipe.write(b"x" * 10_000_000)
    assert caught.value.code is ErrorCode.TOOL_FAILED


def test_cancel_ends_a_blocked_read() -> None:
    """Which would last an hour, and the process is gone."""
    cancel, before = CancelToken(), children()
    threading.Timer(0.3, cancel.cancel, ["enough"]).start()

    def read() -> None:
        with piped_tool(python("import time; time.sleep(3600)"), cancel, stdout=True) as pipe:
            pipe.read()

    with pytest.raises(Canceled, match="enough"):
        read()
    assert children() <= before


def test_an_error_in_the_body_ends_the_tool() -> None:
    """The error comes through as it was."""
    before = children()
    with pytest.raises(KeyError), piped_tool(python(NO_END), CancelToken(), stdout=True):
        raise KeyError
    assert children() <= before


def test_time_is_limited() -> None:
    """A tool that never ends is ended."""
    limits = ToolLimits(timeout_s=0.3)

    def read() -> None:
        with piped_tool(python(NO_END), CancelToken(), limits, stdout=True) as pipe:
            pipe.read()

    with pytest.raises(PermanentError) as caught:
        read()
    assert caught.value.code is ErrorCode.TOOL_TIMEOUT


def test_a_missing_tool_is_named() -> None:
    """With the way out."""
    with (
        pytest.raises(PermanentError, match="localclip doctor") as caught,
        piped_tool(["no-such-tool"], CancelToken(), stdout=True),
    ):
        pass
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
