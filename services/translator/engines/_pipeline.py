"""An Apertium pipeline kept running: one record in, one record out."""

import contextlib
import os
import select
import signal
import subprocess
import time

from services.translator.engines._modes import Mode
from services.translator.engines._stream_format import RECORD_END
from shared.pipeline import CancelToken, ErrorCode, TransientError

_POLL_S = 0.05
_READ = 64 * 1024
_MEMORY_KIB = 4 * 1024**2
_END_S = 1.0


class PipelineLostError(TransientError):
    """The pipeline died, hung, or answered something other than one record."""

    def __init__(self, mode: Mode, what: str) -> None:
        super().__init__(ErrorCode.ENGINE_FAILED, f"Apertium ({mode.source}-{mode.target}) {what}")


class KeptPipeline:
    """The processes of one mode in null-flush mode; after any failure it is closed and must be replaced.

    The `apertium` script itself cannot be kept: its gawk filters read ahead and hold back every answer until more input
    arrives (gawk 5.2, Apertium 3.8.3). The mode's own pipeline answers at once.

    When this process dies, however it dies, the processes see the end of their input and end. The kernel's
    parent-death signal would not do: it fires when the *thread* that started them ends, and jobs are threads.
    """

    def __init__(self, mode: Mode) -> None:
        """Start the processes. Raises: PipelineLostError."""
        self._mode = mode
        try:
            self._process = _start(mode)
        except (OSError, subprocess.SubprocessError) as error:
            raise PipelineLostError(mode, f"cannot be started: {error}") from error
        if self._process.stdin is None or self._process.stdout is None:
            raise PipelineLostError(mode, "has no pipes")  # not with the arguments below
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        os.set_blocking(self._stdin.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id of the shell that leads the group."""
        return self._process.pid

    def exchange(self, record: bytes, cancel: CancelToken, timeout_s: float) -> bytes:
        """Send one record and return its translation, without the final null.

        Raises:
            Canceled: `cancel` was set; the pipeline is closed.
            PipelineLostError: it has to be replaced.
        """
        try:
            return self._exchange(record, cancel, time.monotonic() + timeout_s)
        except BaseException:  # also Canceled: a record in flight would answer the next question
            self._abort()
            raise

    def _exchange(self, record: bytes, cancel: CancelToken, deadline: float) -> bytes:
        unsent, answer = memoryview(record), bytearray()
        while not answer.endswith(b"\0"):
            cancel.check()
            if time.monotonic() > deadline:
                raise PipelineLostError(self._mode, "did not answer in time")
            readable, writable, _ = select.select([self._stdout], [self._stdin] if unsent else [], [], _POLL_S)
            if readable:
                data = os.read(self._stdout.fileno(), _READ)
                if not data:
                    raise PipelineLostError(self._mode, "ended unexpectedly")
                answer += data
            elif writable:
                try:
                    unsent = unsent[os.write(self._stdin.fileno(), unsent) :]
                except BrokenPipeError as error:
                    raise PipelineLostError(self._mode, "ended unexpectedly") from error
        if unsent or answer.count(b"\0") != 1:
            raise PipelineLostError(self._mode, "answered with more than one line")
        if RECORD_END not in answer:  # what follows a member that died ends its output with an empty record
            raise PipelineLostError(self._mode, "answered with half a line")
        return bytes(answer[:-1])

    def close(self) -> None:
        """End the processes by ending their input; kill those that ignore it."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._kill()
        self._stdout.close()

    def _abort(self) -> None:
        self._kill()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses a group of zombies
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def _start(mode: Mode) -> "subprocess.Popen[bytes]":
    flushing = subprocess.run(
        ["apertium-wblank-mode", "-z", str(mode.file)], capture_output=True, text=True, timeout=10, check=True
    ).stdout
    return subprocess.Popen(
        # the mode's $1 is the generator's option: -n leaves out the marks of unknown words
        ["bash", "-c", f"ulimit -v {_MEMORY_KIB}; {flushing}", "apertium", "-n", ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
