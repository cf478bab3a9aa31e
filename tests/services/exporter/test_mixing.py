"""The mix before it is encoded: voices to the sample, the original untouched where nobody speaks."""

import io
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from services.exporter.ducking import DuckCurve, plan_ducks
from services.exporter.engines import Mixer
from services.exporter.layouts import STEREO
from services.exporter.listening import Limiting, Listener, Places
from services.exporter.loudness import Levels
from services.exporter.mixing import Bed, Mix, level, opened
from services.exporter.source import inspect
from services.exporter.spans import Span
from services.exporter.takes import Voices, survey
from shared.messaging import JobContext, TimelineLine
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError
from tests.services.exporter.conftest import RATE_HZ, Bench, MakeVideo, click, hear, level_db, tone

ATTACK_S, RELEASE_S = 0.15, 0.4


def mixed(bench: Bench, video: Path | None, lines: list[TimelineLine], seconds: float, duck_db: float) -> np.ndarray:
    """The mix as the encoder gets it, voices at their own level."""
    context = JobContext(bench.store, bench.workdir)
    takes = survey([line for line in lines if line.take_key], bench.mixer, context, lambda _: None)
    curve = DuckCurve(plan_ducks(lines, ATTACK_S, RELEASE_S), duck_db, RATE_HZ)
    sink, frames = io.BytesIO(), round(seconds * RATE_HZ)
    listener = Listener(lines, curve.ducks, STEREO, seconds, RATE_HZ)
    mix = Mix(STEREO, curve, Voices(takes, 0.0))
    with ExitStack() as stack:
        bed = Bed(inspect(video, CancelToken())) if video else None
        strips = opened(bed, STEREO, bench.mixer, CancelToken(), stack) if bed else []
        assert list(mix.run(strips, sink, frames, listener))[-1] == frames
    return np.frombuffer(sink.getvalue(), "<f4").reshape(-1, 2)


def test_takes_are_placed_to_the_sample(bench: Bench) -> None:
    """Also across block borders, overlapping, and at times that are no whole sample."""
    starts = [0.0, 1.9999, 2.1, 2.123456, 3.999]
    found = mixed(bench, None, [bench.line(start, start + 0.2, click()) for start in starts], 6.0, -14)
    expected = np.zeros((6 * RATE_HZ, 2), np.float32)
    for start in starts:
        first = round(start * RATE_HZ)
        expected[first : first + len(click())] += click()[:, None]
    np.testing.assert_allclose(found, expected, atol=2**-15 * 2)


def test_the_original_is_ducked_under_speech_and_untouched_between(bench: Bench, plain_video: Path) -> None:
    """At the level asked for under the voice; elsewhere less than -50 dB apart from the decoded original."""
    quiet = np.zeros(RATE_HZ, np.float32)
    lines = [bench.line(1, 2, quiet), bench.line(4, 5, quiet)]
    found, original = mixed(bench, plain_video, lines, 6.0, -14), hear(plain_video)[: 6 * RATE_HZ]
    for start in (1, 4):
        under = slice(start * RATE_HZ, (start + 1) * RATE_HZ)
        assert level_db(found[under]) - level_db(original[under]) == pytest.approx(-14, abs=0.05)
    between = np.r_[
        0 : int(0.85 * RATE_HZ), int(2.41 * RATE_HZ) : int(3.85 * RATE_HZ), int(5.41 * RATE_HZ) : 6 * RATE_HZ
    ]
    assert level_db(found[between] - original[between]) < level_db(original[between]) - 50


def test_a_line_without_a_take_keeps_the_original(bench: Bench, plain_video: Path) -> None:
    """Bit-close between two dubbed neighbours."""
    quiet = np.zeros(RATE_HZ, np.float32)
    lines = [bench.line(1, 2, quiet), bench.line(2.1, 3), bench.line(3.1, 4, quiet)]
    found, original = mixed(bench, plain_video, lines, 6.0, -60), hear(plain_video)[: 6 * RATE_HZ]
    kept = slice(int(2.11 * RATE_HZ), int(2.99 * RATE_HZ))
    assert level_db(found[kept] - original[kept]) < level_db(original[kept]) - 50


def test_a_mono_original_is_heard_at_its_own_level(bench: Bench, make_video: MakeVideo) -> None:
    """From both loudspeakers, not 3 dB lower."""
    video = make_video(".mkv", 2.0, sound="sine=frequency=500", channels=1, options=["-c:a", "flac"])
    found = mixed(bench, video, [bench.line(5, 6)], 2.0, -14)
    # the sine source of ffmpeg has an amplitude of 1/8
    assert level_db(found[RATE_HZ // 2 : RATE_HZ]) == pytest.approx(20 * np.log10(1 / 8) - 3.01, abs=0.1)


def test_a_take_at_another_rate_is_resampled(bench: Bench) -> None:
    """Same time, same pitch: correlates with the tone made at 48 kHz."""
    found = mixed(bench, None, [bench.line(1, 2, tone(1.0, rate_hz=22_050), rate_hz=22_050)], 3.0, -14)
    expected = tone(1.0)
    assert level_db(found[RATE_HZ : 2 * RATE_HZ, 0] - expected) < level_db(expected) - 40
    assert np.abs(found[: RATE_HZ - 100]).max() < 1e-3


def test_a_missing_take_is_named(bench: Bench) -> None:
    """The line is named, and what to do."""
    line = bench.line(1, 2, click()).model_copy(update={"take_key": "tasks/x/gone.flac", "segment_id": "s0042"})
    with pytest.raises(PermanentError, match="s0042") as caught:
        mixed(bench, None, [line], 3.0, -14)
    assert caught.value.code is ErrorCode.ARTIFACT_MISSING


def test_levels_are_gain_and_nothing_else_below_the_ceiling(tmp_path: Path) -> None:
    """The limiter leaves quiet sound alone; nothing is delayed, nothing is lost at the end."""
    samples = np.random.default_rng(1).normal(0, 0.01, (5 * RATE_HZ + 17, 2)).astype("<f4")
    samples.tofile(tmp_path / "mix.f32")
    sink = io.BytesIO()
    limiting = Limiting(Places([Span(0, 6)], RATE_HZ), 2.0)
    assert list(level(tmp_path / "mix.f32", sink, Levels(6.0, -1.0), STEREO, limiting))[-1] == len(samples)
    assert limiting.residual == 0
    found = np.frombuffer(sink.getvalue(), "<f4").reshape(-1, 2)
    np.testing.assert_allclose(found, samples * 10 ** (6 / 20), rtol=1e-5)


def test_decoding_can_be_canceled(mixer: Mixer, plain_video: Path) -> None:
    """A canceled token ends the pipe, and the error says so."""
    cancel = CancelToken()
    source = inspect(plain_video, cancel)

    def listen() -> None:
        with mixer.decode(source, cancel) as pipe:
            assert pipe.read(8)
            cancel.cancel("enough")
            pipe.read()

    with pytest.raises(Canceled, match="enough"):
        listen()
