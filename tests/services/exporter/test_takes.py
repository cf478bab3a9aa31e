"""Takes laid over a mix."""

import numpy as np

from services.exporter.takes import Voices, survey
from shared.messaging import JobContext, TimelineLine
from tests.services.exporter.conftest import RATE_HZ, Bench, Samples, tone


def voices_of(bench: Bench, lines: list[TimelineLine]) -> tuple[Samples, list[tuple[float, float]]]:
    """Two seconds of nothing but voices, in blocks of a third of a second, and when they are heard."""
    takes = survey(lines, bench.mixer, JobContext(bench.store, bench.workdir), lambda _: None)
    voices, mixed = Voices(takes, 0.0), np.zeros(2 * RATE_HZ, np.float32)
    for start in range(0, len(mixed), RATE_HZ // 3):
        block = mixed[start : start + RATE_HZ // 3]
        heard = voices.render(start, len(block))
        block += 0.0 if heard is None else heard
    return mixed, [(take.start / RATE_HZ, take.end / RATE_HZ) for take in takes]


def test_a_take_is_heard_whole(bench: Bench) -> None:
    """Also where its length in the timeline is off by the rounding of a few samples."""
    line = bench.line(0.5, 1.0, tone(1.0)).model_copy(update={"take_duration_s": 0.9995})
    heard, places = voices_of(bench, [line])
    assert places == [(0.5, 1.5)]
    assert np.abs(heard[RATE_HZ : int(1.49 * RATE_HZ)]).max() > 0.05
    assert np.abs(heard[int(1.501 * RATE_HZ) :]).max() == 0


def test_a_timeline_can_let_less_be_heard(bench: Bench) -> None:
    """The take fades out where its speaker goes on, without a click."""
    whole, _ = voices_of(bench, [bench.line(0.5, 1.0, tone(1.0))])
    line = bench.line(0.5, 1.0, tone(1.0)).model_copy(update={"take_duration_s": 0.6})
    heard, places = voices_of(bench, [line])
    assert places == [(0.5, 1.1)]
    end = int(1.1 * RATE_HZ)
    assert np.abs(heard[end:]).max() == 0
    assert np.array_equal(heard[: end - RATE_HZ // 20], whole[: end - RATE_HZ // 20])
    assert 0 < np.abs(heard[end - RATE_HZ // 200 : end]).max() < 0.3 * np.abs(whole).max()
    assert np.abs(np.diff(heard[end - 2 * RATE_HZ // 100 :])).max() <= np.abs(np.diff(whole)).max() + 1e-6
