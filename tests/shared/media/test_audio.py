"""What an uploaded sound file is."""

import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared.media import plain_audio, sniff_audio
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError


@pytest.mark.parametrize(
    ("head", "demuxer"),
    [
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"ID3\x04\x00", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc4", "mp3"),
        (b"OggS\x00\x02", "ogg"),
        (b"\x00\x00\x00\x20ftypM4A ", "mov"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"#EXTM3U\n", None),
        (b"ffconcat version 1.0\n", None),
        (b"\xff\xff\xff\xff", None),
        (b"", None),
    ],
)
def test_the_first_bytes_choose_the_demuxer(head: bytes, demuxer: str | None) -> None:
    """None that reads other files or addresses is ever chosen."""
    found = sniff_audio(head)
    assert (found.demuxer if found else None) == demuxer


def test_sound_becomes_plain(tmp_path: Path) -> None:
    """Mono, at the rate asked for, cut after the longest length; what was heard is still heard."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100 * 3) / 44100)
    soundfile.write(tmp_path / "in", np.stack([tone, tone], axis=1), 44100, format="FLAC")
    assert plain_audio(tmp_path / "in", tmp_path / "out.wav", 24000, 2.0, CancelToken()) == pytest.approx(2.0, abs=0.01)
    with wave.open(str(tmp_path / "out.wav")) as wav:
        assert (wav.getnchannels(), wav.getframerate()) == (1, 24000)
    samples, _ = soundfile.read(tmp_path / "out.wav")
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.02)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    """With a code that tells a wrong file from a damaged one."""
    (tmp_path / "in").write_bytes(b"file 'http://127.0.0.1/x'\n")
    with pytest.raises(PermanentError) as refused:
        plain_audio(tmp_path / "in", tmp_path / "out.wav", 24000, 2.0, CancelToken())
    assert refused.value.code is ErrorCode.MEDIA_UNSUPPORTED
    (tmp_path / "in").write_bytes(b"fLaC" + b"damaged" * 100)
    with pytest.raises(PermanentError) as refused:
        plain_audio(tmp_path / "in", tmp_path / "out.wav", 24000, 2.0, CancelToken())
    assert refused.value.code is ErrorCode.MEDIA_UNREADABLE
    canceled = CancelToken()
    canceled.cancel("enough")
    with pytest.raises(Canceled):
        plain_audio(tmp_path / "in", tmp_path / "out.wav", 24000, 2.0, canceled)
