"""A dub keeps the loudspeakers of its original; voices come from the centre where there is one."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from services.exporter.layouts import FIVE, FIVE_ONE, STEREO, dub_layout
from shared.pipeline import CancelToken
from tests.services.exporter.conftest import RATE_HZ, Bench, MakeVideo, look, tone

VOICE_HZ = 3000
CHANNELS_HZ = (200, 300, 400, 60, 500, 600)


def source_of(layout: str, count: int) -> str:
    """A different quiet tone on every channel."""
    tones = "|".join(f"0.05*sin({hz}*2*PI*t)" for hz in CHANNELS_HZ[:count])
    return f"aevalsrc=exprs={tones}:channel_layout={layout}"


def channels(path: Path, count: int) -> np.ndarray:
    """The first audio track with the channels it has."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:a:0", "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32).reshape(-1, count)


def loud_db(samples: np.ndarray, hz: float) -> list[float]:
    """Level of one pitch on every channel."""
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE_HZ)
    return [float(20 * np.log10(2 * abs(turn @ samples[:, c]) / len(samples) + 1e-9)) for c in range(samples.shape[1])]


def test_surround_stays_surround_with_the_voice_in_the_centre(bench: Bench, make_video: MakeVideo) -> None:
    """Every loudspeaker keeps its own sound, ducked under speech; nothing of the voice comes from the others."""
    video = make_video(".mkv", sound=source_of("5.1", 6), channels=6, options=["-c:a", "flac"])
    run = bench.run(video, [bench.line(2, 4, tone(2, VOICE_HZ, 0.1))], container="mkv")
    stream = look(run.video)["streams"][1]
    assert (stream["channels"], stream["channel_layout"]) == (6, "5.1")
    heard = channels(run.video, 6)
    under, alone = heard[int(2.2 * RATE_HZ) : int(3.8 * RATE_HZ)], heard[int(4.8 * RATE_HZ) : int(5.8 * RATE_HZ)]
    voice = loud_db(under, VOICE_HZ)
    assert int(np.argmax(voice)) == 2
    assert max(voice[:2] + voice[3:]) < voice[2] - 40
    for channel, hz in enumerate(CHANNELS_HZ):
        assert int(np.argmax(loud_db(alone, hz))) == channel
        assert loud_db(under, hz)[channel] - loud_db(alone, hz)[channel] == pytest.approx(-14, abs=0.5)
    assert run.report["passed"] is True
    measured = bench.mixer.measure(run.video, 6.0, CancelToken(), lambda _: None)
    assert measured.integrated_lufs == pytest.approx(-16, abs=0.5)


def test_a_voice_is_as_loud_from_the_centre_as_from_both_fronts(bench: Bench, make_video: MakeVideo) -> None:
    """By the meter, and after a downmix to stereo."""
    loud = []
    for layout, count in (("stereo", 2), ("5.1", 6)):
        video = make_video(".mkv", sound=source_of(layout, count), channels=count, options=["-c:a", "flac"])
        lines = {"es": [bench.line(2, 4, tone(2, 997, 0.1))]}
        stems = bench.render(video, lines, {"kind": "stems", "audio": [{"kind": "voices", "language": "es"}]})
        path = stems.file("talk.voices.es.wav")
        gain_db = bench.run(video, lines["es"]).report["mix"]
        loud.append(bench.mixer.measure(path, 6.0, CancelToken(), lambda _: None).integrated_lufs)
        loud[-1] -= gain_db["gain_db"] + gain_db["voice_gain_db"]
    assert loud[0] == pytest.approx(loud[1], abs=0.3)


def test_mono_is_heard_from_both_loudspeakers(bench: Bench, make_video: MakeVideo) -> None:
    """The same signal twice, at the loudness asked for as it is heard."""
    video = make_video(channels=1)
    recipe = {"kind": "audio", "audio": [{"kind": "dub", "language": "es"}]}
    sound = bench.render(video, {"es": [bench.line(2, 4, tone(2))]}, recipe).file("talk.es.wav")
    heard = channels(sound, 2)
    assert np.array_equal(heard[:, 0], heard[:, 1])
    measured = bench.mixer.measure(sound, 6.0, CancelToken(), lambda _: None)
    assert measured.integrated_lufs == pytest.approx(-16, abs=0.5)


def test_four_corners_get_a_centre_for_the_voice(bench: Bench, make_video: MakeVideo) -> None:
    """AAC has no place for quad; 5.0 has."""
    video = make_video(
        ".mkv", sound=source_of("quad", 4), channels=4, options=["-c:a", "flac", "-channel_layout", "quad"]
    )
    run = bench.run(video, [bench.line(2, 4, tone(2, VOICE_HZ))], container="mkv")
    heard = channels(run.video, 5)
    alone = heard[int(4.8 * RATE_HZ) : int(5.8 * RATE_HZ)]
    assert [int(np.argmax(loud_db(alone, hz))) for hz in CHANNELS_HZ[:4]] == [0, 1, 3, 4]
    assert int(np.argmax(loud_db(heard[int(2.2 * RATE_HZ) : int(3.8 * RATE_HZ)], VOICE_HZ))) == 2


@pytest.mark.parametrize(
    ("count", "name", "layout"),
    [
        (0, "", STEREO),
        (1, "mono", STEREO),
        (2, "stereo", STEREO),
        (2, "", STEREO),
        (3, "2.1", FIVE_ONE),
        (3, "3.0", FIVE),
        (4, "quad", FIVE),
        (5, "5.0(side)", FIVE),
        (6, "5.1(side)", FIVE_ONE),
        (6, "", FIVE_ONE),
        (8, "7.1", FIVE_ONE),
        (12, "7.1.4", FIVE_ONE),
    ],
)
def test_every_original_has_a_layout(count: int, name: str, layout: object) -> None:
    """What players of AAC agree on."""
    assert dub_layout(count, name) is layout
