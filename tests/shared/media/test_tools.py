"""Command-line tools under limits, with real processes."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from shared.media import ToolLimits, run_tool
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError, TransientError
from shared.testing import wait_until

PYTHON = sys.executable


def python(code: str) -> list[str]:
    return [PYTHON, "-c", code]


def test_output_and_input() -> None:
    """What is written to stdin arrives, stdout comes back, stderr does not."""
    code = "import sys; sys.stderr.write('noise'); sys.stdout.write(sys.stdin.read().upper())"
    assert run_tool(python(code), CancelToken(), data=b"text") == b"TEXT"
    assert run_tool(python("import sys; sys.stdout.write(repr(sys.stdin.read()))"), CancelToken()) == b"''"


def test_large_output_does_not_block() -> None:
    """Megabytes on both streams pass."""
    code = "import sys; sys.stderr.write('e' * 3_000_000); sys.stdout.write('o' * 3_000_000)"
    assert len(run_tool(python(code), CancelToken())) == 3_000_000


def test_lines_come_while_the_tool_runs() -> None:
    """A line is passed on as it is printed, and nothing is returned at the end."""
    token, lines = CancelToken(), []

    def stop_at_second(line: str) -> None:
        lines.append(line)
        if line == "two":
            token.cancel("seen")

    code = "import time\nfor word in ('one', 'two'): print(word, flush=True)\ntime.sleep(60)"
    with pytest.raises(Canceled):
        run_tool(python(code), token, on_line=stop_at_second)
    assert lines == ["one", "two"]
    assert run_tool(python("print('a'); print('b')"), CancelToken(), on_line=lines.append) == b""
    assert lines == ["one", "two", "a", "b"]


def test_error_of_the_receiver_ends_the_tool() -> None:
    """A receiver that fails does not leave the tool blocked on a full pipe."""

    def refuse(line: str) -> None:
        raise ValueError(line)

    code = "while True: print('x' * 1000)"
    with pytest.raises(ValueError, match="xxx"):
        run_tool(python(code), CancelToken(), ToolLimits(timeout_s=30), on_line=refuse)


def test_failure_names_the_reason() -> None:
    """The last lines of stderr are what a person reads."""
    code = "import sys; print('\\n'.join(f'line {n}' for n in range(9)), file=sys.stderr); sys.exit(3)"
    with pytest.raises(PermanentError) as failed:
        run_tool(python(code), CancelToken())
    assert failed.value.code is ErrorCode.TOOL_FAILED
    assert "line 8" in failed.value.message
    assert "line 3" not in failed.value.message


def test_missing_tool() -> None:
    """A tool that is not installed is named, with the way out."""
    with pytest.raises(PermanentError) as failed:
        run_tool(["no-such-tool-anywhere", "-x"], CancelToken())
    assert failed.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert "no-such-tool-anywhere" in failed.value.message
    assert "localclip doctor" in failed.value.message


def test_timeout_kills() -> None:
    """A tool that does not end is killed, and the process is gone, however far its start had come."""
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(PermanentError) as failed:
        run_tool(python("import time; time.sleep(60)"), CancelToken(), ToolLimits(timeout_s=1.0))
    assert failed.value.code is ErrorCode.TOOL_TIMEOUT
    assert set(psutil.Process().children(recursive=True)) <= before


def test_cancel_kills(tmp_path: Path) -> None:
    """Cancellation ends the tool and is told as such; a canceled token starts none."""
    token, pid = CancelToken(), tmp_path / "pid"
    code = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def cancel_when_running() -> None:
        wait_until(lambda: pid.exists() and pid.read_text(), 60, "the tool to run")
        token.cancel("a person asked")

    threading.Thread(target=cancel_when_running).start()
    with pytest.raises(Canceled, match="a person asked"):
        run_tool(python(code), token)
    assert not psutil.pid_exists(int(pid.read_text()))
    with pytest.raises(Canceled):
        run_tool(["no-such-tool-anywhere"], token)


@pytest.mark.skipif(sys.platform != "linux", reason="limits are set by util-linux")
def test_memory_limit() -> None:
    """A tool that takes more memory than it may fails; within the limit it does not."""
    code = "print(len(bytearray(300 * 1024 * 1024)))"
    assert run_tool(python(code), CancelToken(), ToolLimits(memory_bytes=1024**3)) == b"314572800\n"
    with pytest.raises(PermanentError) as failed:
        run_tool(python(code), CancelToken(), ToolLimits(memory_bytes=200 * 1024**2))
    assert "MemoryError" in failed.value.message


def test_death_by_signal_may_be_tried_again() -> None:
    """The system, not the input, ended the tool: out of memory, or a person with `kill`."""
    with pytest.raises(TransientError) as failed:
        run_tool(python("import os; os.kill(os.getpid(), 9)"), CancelToken())
    assert failed.value.code is ErrorCode.TOOL_FAILED


_PARENT = """
import sys
from shared.media import run_tool
from shared.pipeline import CancelToken
run_tool([sys.executable, "-c", f"import os, time; open({sys.argv[1]!r}, 'w').write(str(os.getpid())); time.sleep(60)"],
         CancelToken())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="set by util-linux")
def test_tool_dies_with_its_parent(tmp_path: Path) -> None:
    """kill -9 of a worker leaves no ffmpeg behind."""
    pid = tmp_path / "pid"
    parent = subprocess.Popen([PYTHON, "-c", _PARENT, str(pid)], cwd=Path(__file__).parents[3])
    child = int(wait_until(lambda: pid.exists() and pid.read_text(), 60, "the tool to run"))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not _runs(child), 60, "the tool to die")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_arguments_are_no_shell_words() -> None:
    """Names go to the tool as they are."""
    name = "$(touch x); `touch y` & 'z\" *.mp4"
    assert run_tool([*python("import sys; print(sys.argv[1])"), name], CancelToken()).decode() == name + "\n"
