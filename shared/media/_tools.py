"""Run a command-line tool under limits: time, memory, and the life of its parent."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import IO

from shared.media._sniff import Container
from shared.pipeline import CancelToken, ErrorCode, PermanentError, TransientError

_POLL_S = 0.05
_STDERR_BYTES = 64 * 1024


@dataclass(frozen=True)
class ToolLimits:
    """The resources that one call of a tool may use."""

    timeout_s: float = 3600.0
    memory_bytes: int = 4 * 1024**3


def input_options(container: Container) -> dict[str, str]:
    """ffmpeg options that confine an untrusted input to its own bytes: forced demuxer, files only."""
    return {"f": container.demuxer, "protocol_whitelist": "file"}


def run_tool(
    command: Sequence[str],
    cancel: CancelToken,
    limits: ToolLimits | None = None,
    *,
    data: bytes | None = None,
    on_line: Callable[[str], None] | None = None,
) -> bytes:
    """Run `command` to its end and return what it printed on stdout.

    `data` is written to its stdin; `on_line` gets every line of stdout as it arrives (then nothing is returned). The
    process is killed when `cancel` is set, when the time is up, or when this process dies (Linux).

    Raises:
        Canceled: `cancel` was set.
        PermanentError: `tool_failed` with the last lines of stderr, `tool_timeout`, or `engine_unavailable`.
        TransientError: `tool_failed` when the tool was killed by a signal.
        Exception: what `on_line` raised; the tool is killed then.
    """
    limits = limits or ToolLimits()
    cancel.check()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as source:
        if data is not None:
            source.write(data)
            source.seek(0)
        process = _start(
            command,
            limits,
            stdin=source if data is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE if on_line else out,
            stderr=err,
        )
        try:
            _wait(process, cancel, limits.timeout_s, command[0], on_line)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        _judge(process.returncode, command, _end_of(err))
        out.seek(0)
        return out.read()


@contextmanager
def piped_tool(
    command: Sequence[str],
    cancel: CancelToken,
    limits: ToolLimits | None = None,
    *,
    stdin: bool = False,
    stdout: bool = False,
) -> Iterator[IO[bytes]]:
    """Run `command` while the body writes to its stdin or reads its stdout, whichever one is requested.

    The body reads to the end of stdout; stdin is closed for it. Leaving the body waits for the tool's own end. The
    tool is killed, and a blocked read or write returns, when `cancel` is set, when the time is up, when the body
    raises, or when the calling thread or process dies (Linux).

    Raises: as `run_tool`.
    """
    if stdin is stdout:
        raise ValueError("a piped tool is either read from or written to")
    limits = limits or ToolLimits()
    cancel.check()
    with tempfile.TemporaryFile() as err:
        process = _start(
            command,
            limits,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
            stderr=err,
        )
        pipe = process.stdin or process.stdout
        late = threading.Event()
        watch = threading.Thread(target=_watch, args=(process, cancel, limits.timeout_s, late), daemon=True)
        watch.start()
        try:
            with suppress(BrokenPipeError):  # the tool ended first; its exit code and output say why
                if pipe is not None:
                    yield pipe
                if process.stdin:
                    process.stdin.close()
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            watch.join()
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was not yet flushed no longer has a reader
                    pipe.close()
        cancel.check()
        if late.is_set():
            raise PermanentError(ErrorCode.TOOL_TIMEOUT, f"{command[0]} did not finish within {limits.timeout_s:.0f} s")
        _judge(process.returncode, command, _end_of(err))


def _start(
    command: Sequence[str],
    limits: ToolLimits,
    *,
    stdin: IO[bytes] | int,
    stdout: IO[bytes] | int,
    stderr: IO[bytes],
) -> "subprocess.Popen[bytes]":
    if shutil.which(command[0]) is None:  # after the prefix, a missing tool would look like one that failed
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"'{command[0]}' is not installed; run `localclip doctor`")
    return subprocess.Popen([*_wrapper(limits.memory_bytes), *command], stdin=stdin, stdout=stdout, stderr=stderr)


def _watch(process: "subprocess.Popen[bytes]", cancel: CancelToken, timeout_s: float, late: threading.Event) -> None:
    deadline = time.monotonic() + timeout_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            late.set()
        if late.is_set() or cancel.wait(_POLL_S):
            process.kill()
            return


def _wait(
    process: "subprocess.Popen[bytes]",
    cancel: CancelToken,
    timeout_s: float,
    name: str,
    on_line: Callable[[str], None] | None,
) -> None:
    deadline = time.monotonic() + timeout_s
    reader = _Lines(process.stdout, on_line) if on_line and process.stdout else None
    while process.poll() is None:
        cancel.check()
        if reader:
            reader.check()
        if time.monotonic() > deadline:
            raise PermanentError(ErrorCode.TOOL_TIMEOUT, f"{name} did not finish within {timeout_s:.0f} s")
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue
    if reader:
        reader.join(5.0)
        reader.check()


class _Lines(threading.Thread):
    """Passes on the lines of a stream; what the receiver raises is kept for the thread that runs the tool."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._stream, self._on_line = stream, on_line
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            for line in self._stream:
                self._on_line(line.decode("utf-8", "replace").rstrip("\n"))
        except Exception as error:  # noqa: BLE001 (raised again by `check`; unread, the tool would block on its pipe)
            self._error = error

    def check(self) -> None:
        if self._error is not None:
            raise self._error


def _end_of(stderr: IO[bytes]) -> bytes:
    """The last lines only: a damaged file can make a tool complain for megabytes."""
    stderr.seek(max(0, stderr.seek(0, os.SEEK_END) - _STDERR_BYTES))
    return stderr.read()


def _judge(code: int, command: Sequence[str], stderr: bytes) -> None:
    if code == 0:
        return
    name, said = command[0], stderr.decode("utf-8", "replace")
    for part in command:  # where files are on this machine is nobody's business
        if part.startswith("file:"):
            said = said.replace(part, "the file").replace(part.removeprefix("file:"), "the file")
    tail = " | ".join(said.strip().splitlines()[-3:])[-600:]
    if code < 0:
        raise TransientError(ErrorCode.TOOL_FAILED, f"{name} was killed by signal {-code}: {tail}")
    raise PermanentError(ErrorCode.TOOL_FAILED, f"{name} failed: {tail or f'exit code {code}'}")


@cache
def _wrapper(memory_bytes: int) -> tuple[str, ...]:
    """The limits as a command prefix: both tools are part of util-linux, and other systems do without."""
    if not sys.platform.startswith("linux"):
        return ()
    prefix: tuple[str, ...] = ()
    if setpriv := shutil.which("setpriv"):
        prefix += (setpriv, "--pdeathsig", "KILL", "--")
    if prlimit := shutil.which("prlimit"):
        prefix += (prlimit, f"--as={memory_bytes}", "--")
    return prefix
