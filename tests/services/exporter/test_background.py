"""A separated background lies under speech only, is made once per task, and needs no ducking."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from services.exporter.background import Background, content_of
from services.exporter.dubbing import _stem_gain_db
from services.exporter.engines.base import Report
from services.exporter.loudness import Samples
from services.exporter.source import inspect
from shared.messaging import EngineInfo, JobContext
from shared.pipeline import CancelToken, Stage
from shared.storage import keys, put_bytes, read_bytes
from tests.services.exporter.conftest import RATE_HZ, TASK, Bench, MakeVideo, hear, hear_sound, level_db, tone

SPEECH_HZ, MUSIC_HZ = 1000, 300
SOUND = f"aevalsrc=exprs=0.1*sin({SPEECH_HZ}*2*PI*t)+0.1*sin({MUSIC_HZ}*2*PI*t)|0.1*sin({SPEECH_HZ}*2*PI*t)"


class Notch:
    """A separator that takes one pitch for speech, and leaves `leak` of it behind."""

    rate_hz = 44_100
    model = "notch-1"

    def __init__(self, leak: float = 0.0) -> None:
        self.calls, self._leak = 0, leak

    @property
    def info(self) -> EngineInfo:
        return EngineInfo(
            stage=Stage.EXPORT, port="separator", name="notch", version="1", licence="MIT", commercial_use=True
        )

    def background(self, mix: Samples, cancel: CancelToken, report: Report) -> Iterator[Samples]:
        self.calls += 1
        for start in range(0, len(mix), self.rate_hz):
            piece = np.asarray(mix[start : start + self.rate_hz])
            turn = np.exp(2j * np.pi * SPEECH_HZ * np.arange(start, start + len(piece)) / self.rate_hz)
            speech = np.real(turn[:, None] * (2 * (np.conj(turn) @ piece) / len(piece))[None])
            yield (piece - (1 - self._leak) * speech).astype(np.float32)


@pytest.fixture
def video(make_video: MakeVideo) -> Path:
    """Six seconds of music on the left and of speech on both sides, without loss."""
    return make_video(".mkv", sound=SOUND, options=["-c:a", "flac"])


def loud_db(samples: np.ndarray, hz: float) -> float:
    """Level of one pitch on the left."""
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE_HZ)
    return float(20 * np.log10(abs(turn @ samples[:, 0]) / len(samples) + 1e-9))


def test_music_stays_and_speech_goes_under_the_voice(bench: Bench, video: Path) -> None:
    """Under the line music at its level, speech gone; elsewhere the original itself."""
    bench.separator = Notch()
    line = bench.line(2, 3, tone(1, 600))
    stems = bench.render(video, {"es": [line]}, {"kind": "stems", "audio": [{"kind": "bed", "language": "es"}]})
    sound, original = hear_sound(stems.file("talk.bed.es.wav")), hear(video)
    gain_db = level_db(sound[5 * RATE_HZ :]) - level_db(original[5 * RATE_HZ : len(sound)])
    under, before = sound[int(2.1 * RATE_HZ) : int(2.9 * RATE_HZ)], original[: int(0.8 * RATE_HZ)]
    assert loud_db(under, MUSIC_HZ) - gain_db == pytest.approx(loud_db(before, MUSIC_HZ), abs=0.1)
    assert loud_db(under, SPEECH_HZ) - gain_db < loud_db(before, SPEECH_HZ) - 40
    elsewhere = np.r_[0 : int(1.8 * RATE_HZ), int(3.5 * RATE_HZ) : int(5.9 * RATE_HZ)]
    same = sound[elsewhere] * 10 ** (-gain_db / 20) - original[elsewhere]
    assert level_db(same) < level_db(original[elsewhere]) - 70


def test_the_report_tells_of_the_separated_bed(bench: Bench, video: Path) -> None:
    """Its engine, no ducking, next to no leakage, and the untouched rest."""
    bench.separator = Notch()
    report = bench.run(video, [bench.line(2, 3, tone(1, 600))], container="mkv").report
    assert report["mix"]["bed"] == "separated (notch notch-1)"
    assert report["mix"]["duck_db"] == 0
    assert report["bed_leakage_db"] < -40
    assert report["nonspeech_residual_db"] < -50
    assert [engine["name"] for engine in report["engines"]] == ["ffmpeg", "notch"]


def test_speech_that_leaks_is_ducked_as_far_as_needed(bench: Bench, video: Path) -> None:
    """A tenth of the speech is left: -20 dB, brought down to -30."""
    bench.separator = Notch(leak=0.1)
    report = bench.run(video, [bench.line(2, 3, tone(1, 600))], container="mkv").report
    assert report["mix"]["duck_db"] == pytest.approx(-10.9, abs=0.2)  # a share of 0.1 / 0.9 of what was taken out
    assert report["bed_leakage_db"] == pytest.approx(-30, abs=0.1)


def test_the_depth_is_bounded() -> None:
    """Never deeper than the original would be ducked, never louder than it is."""
    assert _stem_gain_db(-60.0, -14.0) == 0.0
    assert _stem_gain_db(-5.0, -14.0) == -14.0
    assert _stem_gain_db(None, -14.0) == 0.0


def test_two_languages_and_two_exports_share_one_background(bench: Bench, video: Path) -> None:
    """Separated once per video and model, kept below the task."""
    bench.separator = notch = Notch()
    lines = [bench.line(2, 3, tone(1, 600))]
    bench.run(video, lines, container="mkv")
    bench.render(video, {"es": lines, "fr": lines}, {"audio": [{"kind": "dub", "language": "*"}]})
    assert notch.calls == 1
    assert len(list(bench.store.list(f"tasks/{TASK}/processed/background/"))) == 2


def test_a_lost_race_takes_the_winners_background(bench: Bench, video: Path) -> None:
    """Two exporters at once: the second finds the first one's, and leaves nothing of its own."""
    winner = keys.background_sound(TASK, "h" * 40, "winner")

    class Slow(Notch):
        """Somebody else is done before it."""

        def background(self, mix: Samples, cancel: CancelToken, report: Report) -> Iterator[Samples]:
            yield from super().background(mix, cancel, report)
            assert bench.store.create(wanted[0], b'{"key": "%s"}' % winner.encode())

    wanted: list[str] = []
    put_bytes(bench.store, winner, b"the winner's sound")
    job = bench.job(video, [])
    context = JobContext(bench.store, bench.workdir)
    source = inspect(video, CancelToken())
    slow = Slow()
    content = content_of(job.video_key, slow)
    wanted.append(keys.background(TASK, content))
    bed = Background(bench.mixer, slow).bed(job, job.video_key, source, context, lambda _: None)
    assert bed.stem is not None
    assert bed.stem.read_bytes() == b"the winner's sound"
    assert read_bytes(bench.store, winner) == b"the winner's sound"
    assert [i.key for i in bench.store.list(f"tasks/{TASK}/processed/background/{content}/")] == []


def test_surround_is_ducked_instead(bench: Bench, make_video: MakeVideo) -> None:
    """Separators know two loudspeakers."""
    bench.separator = notch = Notch()
    video = make_video(channels=6, options=["-c:a", "ac3"])
    report = bench.run(video, [bench.line(2, 3, tone(1, 600))]).report
    assert (notch.calls, report["mix"]["bed"]) == (0, "ducked original")


def test_the_background_alone_is_a_stem(bench: Bench, video: Path) -> None:
    """From end to end, without the speech."""
    bench.separator = Notch()
    made = bench.render(video, {"es": [bench.line(2, 3, tone(1))]}, {"kind": "stems", "audio": [{"kind": "bed"}]})
    sound, original = hear_sound(made.file("talk.bed.wav")), hear(video)
    assert loud_db(sound[RATE_HZ : 5 * RATE_HZ], SPEECH_HZ) < loud_db(original, SPEECH_HZ) - 40
    assert loud_db(sound[RATE_HZ : 5 * RATE_HZ], MUSIC_HZ) == pytest.approx(loud_db(original, MUSIC_HZ), abs=0.1)
