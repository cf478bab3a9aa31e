"""The last take is found where it is, to the sample."""

from pathlib import Path

import numpy as np
import pytest

from services.exporter.drift import located
from tests.services.exporter.conftest import Bench, MakeVideo

NOISE = np.random.default_rng(5)


@pytest.mark.parametrize("place", [0, 1, 4800, 12_000])
def test_a_take_is_located_under_music(place: int) -> None:
    """As loud as itself."""
    take = NOISE.normal(0, 0.1, 20_000).astype(np.float32)
    heard = NOISE.normal(0, 0.1, 32_000).astype(np.float32)
    heard[place : place + len(take)] += take
    assert located(take, heard) == place


def test_what_is_not_there_is_not_found() -> None:
    """Nor silence, nor a take longer than what is heard."""
    take, heard = (NOISE.normal(0, 0.1, size).astype(np.float32) for size in (20_000, 32_000))
    assert located(take, heard) is None
    assert located(np.zeros(100, np.float32), heard) is None
    assert located(heard, take) is None


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_finished_file_is_in_time_at_its_end(bench: Bench, make_video: MakeVideo, container: str) -> None:
    """Less than a millisecond after 40 s, whichever container; a take of silence cannot be found."""
    video = make_video(duration_s=40.0, rate="25")
    takes = [NOISE.normal(0, 0.1, 48_000).astype(np.float32) for _ in range(2)]
    lines = [bench.line(1, 2, takes[0]), bench.line(38.3, 39.3, takes[1])]
    assert abs(bench.run(video, lines, container=container).report["drift_s"]) < 0.001
    silent = bench.run(video, [*lines, bench.line(39.4, 39.9, np.zeros(24_000, np.float32))], container=container)
    assert silent.report["drift_s"] is None
    assert "made out" in silent.report["unmeasured"]["drift_s"]


def test_no_line_no_drift(bench: Bench, plain_video: Path) -> None:
    """Null with a reason."""
    report = bench.run(plain_video).report
    assert (report["drift_s"], report["unmeasured"]["drift_s"]) == (None, "no line was dubbed")
