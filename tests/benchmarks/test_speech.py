"""What the benchmark of speech counts and reads."""

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.speech import archives
from benchmarks.speech.archives import Archive, ArchiveError
from benchmarks.speech.conversations import Conversation, Sentence
from benchmarks.speech.scores import Score, errors_by_word, joints
from benchmarks.speech.speakers import diarization_error
from benchmarks.speech.table import merged, render, render_gpu
from services.diarizer.engines import Turn
from services.diarizer.engines._doubt import Passage
from shared.transcript import Word


def passage(text: str, *words: str) -> Passage:
    """What a model wrote, and the words that were made of it."""
    return Passage(tuple(Word(text=word, start_s=0.0, end_s=0.0, probability=1.0) for word in words), text)


def test_errors_are_counted_at_their_words() -> None:
    """Replaced, left out and added."""
    said = ["a", "b", "c", "d"]
    assert errors_by_word(said, said) == [0, 0, 0, 0]
    assert errors_by_word(said, ["a", "x", "d"]) == [0, 1, 1, 0]
    assert errors_by_word(said, ["a", "b", "c", "d", "e", "f"]) == [0, 0, 0, 2]
    assert errors_by_word([], ["x"]) == [1]


def test_a_score_tells_how_sure_it_is() -> None:
    """The pooled rate lies within its span; more text makes that narrower."""
    few, many = Score("en"), Score("en")
    for number in range(200):
        text = " ".join(["word"] * 10)
        for score in (few, many)[number >= 20 :]:
            score.add(text, text if number % 5 else text.replace("word", "what", 5))
    small, large = few.figures(), many.figures()
    assert (small["error_rate"], small["words"], large["words"]) == (0.1, 200, 2000)
    assert small["low"] <= 0.1 <= small["high"]
    assert large["high"] - large["low"] < small["high"] - small["low"]
    assert Score("en").figures() == {}


@pytest.mark.parametrize(
    ("code", "text", "words", "wrong"),
    [
        ("en", " He was cold-hearted.", ("He", "was", "cold-hearted."), 0),
        ("en", " He was cold-hearted.", ("He", "was", "cold", "-hearted."), 1),
        ("fr", " C'est bien.", ("C", "'est", "bien."), 1),
        ("zh", "我喜欢 New York 的天气", ("我", "喜欢", "New", "York", "的", "天气"), 0),
        ("zh", "我喜欢 New York 的天气", ("我", "喜欢", "NewYork", "的", "天气"), 1),
    ],
)
def test_a_joint_is_wrong_where_the_model_wrote_otherwise(
    code: str, text: str, words: tuple[str, ...], wrong: int
) -> None:
    """A space too many or too few; between characters that are written without, none counts."""
    assert joints(code, passage(text, *words))[1] == wrong


def deb(path: Path, name: str, content: bytes) -> Archive:
    """A package with one file, at an address where nobody answers."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as opened:
        member = tarfile.TarInfo(f"./{name}")
        member.size = len(content)
        opened.addfile(member, io.BytesIO(content))
    found = b"!<arch>\n"
    for file, data in (("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.xz", tar.getvalue())):
        found += f"{file:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    digest = hashlib.sha256(found).hexdigest()
    (path / f"{digest[:24]}-sounds.deb").write_bytes(found)
    return Archive("sounds", "http://127.0.0.1:9/sounds.deb", digest, len(found))


def test_what_was_fetched_is_read_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of Debian is opened, and the named file read; what is not there cannot be had, and says why."""
    monkeypatch.setattr(archives, "CACHE", tmp_path)
    archive = deb(tmp_path, "usr/share/hello.wav", b"sound")
    assert list(archive.read("usr/share/hello.wav")) == [("usr/share/hello.wav", b"sound")]
    with pytest.raises(ArchiveError, match=r"127\.0\.0\.1"):
        Archive("other", "http://127.0.0.1:9/other.deb", "0" * 64, 5).path()
    monkeypatch.setenv("LOCALCLIP_OFFLINE", "true")
    with pytest.raises(ArchiveError, match="LOCALCLIP_OFFLINE"):
        Archive("other", "http://127.0.0.1:9/other.deb", "0" * 64, 5).path()


def test_diarization_errors_are_what_is_missed_false_and_confused() -> None:
    """Over all that is spoken, two at once counted twice, by the names that fit best."""
    samples = np.zeros(10 * 16_000, np.float32)
    said = (Sentence(0, 4, "ada"), Sentence(4, 8, "bob"), Sentence(7, 9, "ada"))
    call = Conversation("call", samples, said, whole=False)
    right = [Turn(0, 4, 1), Turn(4, 8, 0), Turn(7, 9, 1)]
    assert diarization_error(call, right) == 0.0
    assert diarization_error(call, [Turn(0, 4, 0), Turn(4, 7, 1), Turn(9, 10, 1)]) == 0.4  # 3 s missed, 1 s false
    assert diarization_error(call, [Turn(0, 10, 0)]) == 0.5  # 3 s of bob, 1 s at once, 1 s after the end


def test_every_separator_is_in_the_tables() -> None:
    """With what it costs, beside those that are not here."""
    found = {"none": {"sdr_db": -6.0}, "deepfilternet": {"sdr_db": 7.2, "cpu_per_s": 0.15, "peak_mb": 300}}
    text = render(
        {"hearing": {"x": {"scores": [], "language_told": None}}, "separating": found | {"missing": "no torch"}}
    )
    assert "| deepfilternet | +7.2 dB |" in text
    assert "| deepfilternet | 0.15 s | 300 MB |" in text
    assert "Not measured: no torch." in text


def test_tables_tell_what_is_met_and_what_is_missing() -> None:
    """Of what was measured; without a GPU only that there is none."""
    figures = {"error_rate": 0.06, "low": 0.03, "high": 0.09, "words": 199, "unit": "words"}
    heard = {"scores": [{"language": "en", "kind": "audiobook", **figures}], "language_told": [3, 4]}
    page = render({"hearing": {"whisper-base": heard | {"cpu_per_s": 0.1, "peak_mb": 500}}})
    assert "| English audiobooks, words wrong, whisper-base | 6.0% | ≤ 5% | **no** |" in page
    assert "| en, audiobook | 6.0% (3.0%…9.0%) of 199 |" in page
    assert "| language told | 3 of 4 |" in page
    assert "| whisper-base | 0.1 s | 500 MB |" in page
    assert render_gpu({"missing": ["an NVIDIA GPU"]}) == "Missing here: an NVIDIA GPU."


def test_one_engine_is_measured_again() -> None:
    """The others keep their figures, and so does another language of the same engine."""

    def voice(engine: str, language: str, rate: float) -> dict[str, object]:
        return {"engine": engine, "language": language, "error_rate": rate}

    before = {
        "hearing": {"pocketsphinx": {"cpu_per_s": 1}, "whisper-base": {"cpu_per_s": 2}},
        "speaking": {
            "engines": {"kokoro": {"cpu_per_s": 1}},
            "voices": [voice("kokoro", "fr", 0.1), voice("kokoro", "zh", 0.4), voice("flite", "en", 0.2)],
            "joints": {"zh": [0, 9]},
        },
    }
    assert merged(before, {"hearing": {"whisper-base": {"cpu_per_s": 3}}})["hearing"] == {
        "pocketsphinx": {"cpu_per_s": 1},
        "whisper-base": {"cpu_per_s": 3},
    }
    new = {"engines": {"kokoro/zh": {"cpu_per_s": 2}}, "voices": [voice("kokoro", "zh", 0.3)], "joints": {"zh": [0, 3]}}
    found = merged(before, {"speaking": new})["speaking"]
    assert found["engines"] == {"kokoro": {"cpu_per_s": 1}, "kokoro/zh": {"cpu_per_s": 2}}
    assert found["voices"] == [voice("kokoro", "fr", 0.1), voice("flite", "en", 0.2), voice("kokoro", "zh", 0.3)]
    assert found["joints"] == {"zh": [0, 9]}


def test_one_conversation_is_measured_again() -> None:
    """What is said of all of them is counted anew."""

    def row(name: str, found: int, confusion: float) -> dict[str, object]:
        figures = {"sentences": 4, "cut": 0, "seconds": 10.0, "confusion": confusion, "confusion_given": 0.0}
        return {"name": name, "speakers": 2, "found": found, **figures}

    before = {"turns": {"conversations": [row("call", 2, 0.1), row("talk", 3, 0.4)]}}
    found = merged(before, {"turns": {"conversations": [row("talk", 2, 0.2)]}})["turns"]
    assert [one["found"] for one in found["conversations"]] == [2, 2]
    assert (found["number_right"], found["confusion"]) == (1.0, 0.15)
