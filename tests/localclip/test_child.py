"""Children are started again when they die, ever later, and leave readable logs."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from localclip.child import FIRST_DELAY_S, LAST_DELAY_S, STEADY_S, Child, next_delay


def child(tmp_path: Path, code: str, heard: list[str] | None = None) -> Child:
    def hear(_: str, line: str) -> None:
        (heard if heard is not None else []).append(line)

    return Child("piece", (sys.executable, "-c", code), os.environ, tmp_path / "logs" / "piece.log", hear)


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_delays_double_up_to_a_limit_and_begin_anew_after_a_steady_life() -> None:
    """0.5 s to 10 s."""
    delays = [0.0]
    for _ in range(7):
        delays.append(next_delay(delays[-1], lived_s=1.0))
    assert delays[1:] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert next_delay(LAST_DELAY_S, lived_s=STEADY_S) == FIRST_DELAY_S


def test_a_child_that_dies_is_started_again_at_its_time(tmp_path: Path) -> None:
    """Its death is told once, with the signal; before the delay is over nothing happens."""
    piece = child(tmp_path, "import time; print('up', flush=True); time.sleep(60)")
    piece.start()
    first = piece.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: piece.pid is None)
    now = time.monotonic()
    assert piece.check(now) == "piece was killed by signal 9; starting it again in 0.5 s"
    assert piece.check(now + 0.4) is None
    assert piece.pid is None
    assert piece.check(now + 0.6) is None
    assert piece.pid not in (None, first)
    assert piece.deaths == 1
    piece.kill()
    piece.close()


def test_output_is_kept_and_the_last_run_beside_it(tmp_path: Path) -> None:
    """Each run begins an empty log and keeps the one before."""
    for word in ("first", "second"):
        heard: list[str] = []
        piece = child(tmp_path, f"print('{word}')", heard)
        piece.start()
        wait_for(lambda: piece.pid is None)  # noqa: B023
        piece.close()
        assert heard == [word]
        assert piece.tail == (word,)
    assert (tmp_path / "logs/piece.log").read_text() == "second\n"
    assert (tmp_path / "logs/piece.log.1").read_text() == "first\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_stopped_child_is_not_started_again(tmp_path: Path) -> None:
    """Asked to stop means stopped."""
    piece = child(tmp_path, "import time; time.sleep(60)")
    piece.start()
    piece.terminate()
    wait_for(lambda: piece.pid is None)
    piece.close()
    assert piece.pid is None
