"""Korean subtitles: read with weights that are fetched, here a net that knows some sentences."""

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks.picture.clips import Clip, Line
from services.diarizer.engines import create_picture_text
from services.diarizer.engines.rapidocr import KOREAN, RapidPictureText
from services.diarizer.picture.frames import frames_between
from services.diarizer.picture.reading import PictureReading
from services.diarizer.settings import DiarizerSettings
from shared.models import ModelSettings, catalogued
from shared.pipeline import CancelToken

cv2 = pytest.importorskip("cv2", reason="RapidOCR is not installed: pip install rapidocr")
rapidocr = pytest.importorskip("rapidocr.utils.download_file")
FRAME_S = 0.04
HIGH, WIDE, LONGEST = 48, 160, 40
"""The part of a row that the net looks at, and the most letters it says, with a blank before each."""
SPOKEN = Clip("korean", "ko", background="still", style="boxed", beside=("logo",))


def part(number, value):
    """A field of a protocol buffer: a number, or bytes, text or fields with their length before them."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def tensor(name, values):
    kind = 1 if values.dtype == np.float32 else 7
    return b"".join(part(1, size) for size in values.shape) + part(2, kind) + part(8, name) + part(9, values.tobytes())


def node(kind, inputs, output, **attributes):
    lists = (
        part(5, part(1, name) + b"".join(part(8, value) for value in values) + part(20, 7))
        for name, values in attributes.items()
    )
    return b"".join(part(1, name) for name in inputs) + part(2, output) + part(4, kind) + b"".join(lists)


def value(name, *sizes):
    dims = b"".join(part(1, part(2, size) if isinstance(size, str) else part(1, size)) for size in sizes)
    return part(1, name) + part(2, part(1, part(1, 1) + part(2, dims)))


def recognizer(samples, alphabet=True):
    """An ONNX file as RapidOCR's are: rows of 48 pixels in, for each step the letters' probabilities out.

    The row is compared with `samples` (texts and what their rows look like), and the text of the likeliest is spelled;
    if none is like it, nothing is.
    """
    letters = sorted({letter for text, _ in samples for letter in text} - {" "})
    known = {letter: number for number, letter in enumerate(letters, start=1)} | {" ": len(letters) + 1}
    looks = np.stack([look / np.linalg.norm(look) for look in (one - one.mean() for _, one in samples)])
    kernels = np.concatenate([looks, np.zeros((1, *looks.shape[1:]))]).astype(np.float32)
    least = min(float((look * one).sum()) for look, (_, one) in zip(looks, samples, strict=True))
    bias = np.array([0.0] * len(samples) + [0.6 * least], np.float32)
    spelled = np.zeros((len(samples) + 1, 2 * LONGEST, len(known) + 1), np.float32)
    for row, text in enumerate([*(text for text, _ in samples), ""]):
        steps = [step for letter in text for step in (0, known[letter])]
        spelled[row, np.arange(2 * LONGEST), [*steps, *[0] * (2 * LONGEST - len(steps))]] = 1.0
    shape = np.array([1, 2 * LONGEST, len(known) + 1], np.int64)
    nodes = (
        node("Conv", ("x", "kernels", "bias"), "scores", kernel_shape=(HIGH, WIDE), strides=(HIGH, 10_000)),
        node("Flatten", ("scores",), "flat"),
        node("Softmax", ("flat",), "shares"),
        node("MatMul", ("shares", "spelled"), "steps"),
        node("Reshape", ("steps", "shape"), "y"),
    )
    tensors = {"kernels": kernels, "bias": bias, "spelled": spelled.reshape(len(spelled), -1), "shape": shape}
    graph = b"".join(part(1, one) for one in nodes) + part(2, "tiny")
    graph += b"".join(part(5, tensor(name, values)) for name, values in tensors.items())
    graph += part(11, value("x", "n", 3, HIGH, "w")) + part(12, value("y", *(int(size) for size in shape)))
    told = part(14, part(1, "character") + part(2, "\n".join(letters))) if alphabet else b""
    return part(1, 8) + part(8, part(1, "") + part(2, 13)) + part(7, graph) + told


def middle(engine, video, line):
    """A frame from the middle of a subtitle's time, and where its row is."""
    middle_s = (line.start_s + line.end_s) / 2
    (picture,) = frames_between(video, middle_s, middle_s + FRAME_S, 1, CancelToken())
    return picture, max(engine.find(picture), key=lambda one: one.level)


def cut(engine, video, line):
    """The row of a subtitle."""
    picture, place = middle(engine, video, line)
    return picture[place.top : place.bottom, place.left : place.right]


def seen(engine, video, line):
    """The beginning of a subtitle as a recognizer gets it, in boxes that are a little closer or wider."""
    picture, place = middle(engine, video, line)
    for top, bottom, left in product(range(-4, 7, 2), (-2, 0, 2), range(-3, 4)):
        row = picture[place.top + top : place.bottom + bottom, place.left + left : place.right, ::-1]
        sized = cv2.resize(row, (math.ceil(HIGH * row.shape[1] / row.shape[0]), HIGH))[:, :WIDE]
        look = np.zeros((HIGH, WIDE, 3), np.float32)
        look[:, : sized.shape[1]] = sized / 127.5 - 1
        yield line.text, look.transpose(2, 0, 1)


@pytest.fixture(scope="module")
def plain():
    return RapidPictureText()


@pytest.fixture(scope="module")
def korean_clip(open_clip):
    return open_clip(SPOKEN)


@pytest.fixture(scope="module")
def weights(plain, korean_clip):
    """The net for the sentences of the clip."""
    return recognizer([sample for line in SPOKEN.said for sample in seen(plain, korean_clip, line)])


@pytest.fixture
def models(tmp_path):
    """Where weights are, and what puts a file in the place of those of Korean."""
    settings = ModelSettings(models_dir=tmp_path)

    def put(data):
        (tmp_path / KOREAN).mkdir()
        (tmp_path / KOREAN / catalogued(KOREAN).required[0]).write_bytes(data)
        return settings

    return put


def engine_with(settings):
    engine, _ = create_picture_text(DiarizerSettings(picture_text="rapidocr"), settings)
    return engine


def read(engine, video):
    reading = PictureReading(engine, video, CancelToken())
    return reading.read(reading.look(lambda _: None), None, lambda _: None)


def test_korean_subtitles_are_read_once_their_weights_are_here(models, weights, korean_clip):
    """Letter for letter with the spaces, to the frame, without a language being named; the logo is none of them."""
    engine = engine_with(models(weights))
    assert "ko" in engine.info.languages
    assert KOREAN in engine.info.model
    words = read(engine, korean_clip)
    assert [cue.text for cue in words.cues] == [line.text for line in SPOKEN.said]
    pairs = zip(words.cues, SPOKEN.said, strict=True)
    assert all(
        abs(cue.start_s - line.start_s) <= FRAME_S + 0.001 and abs(cue.end_s - line.end_s) <= FRAME_S + 0.001
        for cue, line in pairs
    )
    assert (words.language, words.script) == ("ko", None)
    assert [len(cue.confidences) for cue in words.cues] == [len(cue.text) for cue in words.cues]


def test_without_them_what_fetches_them_is_told(plain, korean_clip):
    """And the letters of other languages, which are all the engine knows, are not taken for a reading."""
    assert "ko" not in plain.info.languages
    assert f"localclip models pull {KOREAN}" in plain.info.hint
    words = read(plain, korean_clip)
    assert (words.language, words.cues) == (None, None)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_the_other_languages_are_read_as_before(models, weights, plain, open_clip, language):
    """To the last letter and confidence, whether the net is asked (English) or not."""
    video = open_clip(Clip(f"other-{language}", language, background="still"))
    assert read(engine_with(models(weights)), video) == read(plain, video)


def test_a_row_that_is_partly_korean_is_read_as_a_whole(models, plain, open_clip):
    """Though the first recognizer is sure of the other part; a row without Hangul stays with it."""
    texts = ("LIVE 오늘 밤", "LIVE tonight at nine")
    clip = Clip("mixed", background="still", lines=tuple(Line(n + 0.5, n + 1.5, text) for n, text in enumerate(texts)))
    video = open_clip(clip)
    mixed, english = (cut(plain, video, line) for line in clip.said)
    engine = engine_with(models(recognizer(list(seen(plain, video, clip.said[0])))))
    first = plain.read([mixed])[0]
    assert (first.text.strip(), first.confidence > 0.9) == ("LIVE", True)
    assert [row.text for row in engine.read([mixed, english])] == [texts[0], plain.read([english])[0].text]


@pytest.mark.parametrize("fault", ["cut off", "without its alphabet"])
def test_weights_that_cannot_be_used_keep_nothing_else_from_being_read(models, plain, open_clip, monkeypatch, fault):
    """What fetches them again is told; nothing is downloaded in their place."""
    downloads = []
    missing = lambda wanted: None if Path(wanted.save_path).exists() else downloads.append(wanted)  # noqa: E731
    monkeypatch.setattr(rapidocr.DownloadFile, "run", missing)
    net = recognizer([("밤", np.random.default_rng(1).normal(size=(3, HIGH, WIDE)))], alphabet=fault == "cut off")
    engine = engine_with(models(net[: len(net) // 2] if fault == "cut off" else net))
    assert downloads == []
    assert "ko" not in engine.info.languages
    assert "cannot be used" in engine.info.hint
    assert engine.info.hint.endswith(f"localclip models pull {KOREAN}")
    clip = Clip("chinese", background="still")
    row = cut(plain, open_clip(clip), clip.said[0])
    assert engine.read([row]) == plain.read([row])
    assert engine.read([row])[0].text == clip.said[0].text
