"""Words burned into the original: covered where and while they stand, nothing else touched, and set anew in place."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.picture.clips import Clip, Line, make
from services.diarizer.ffmpeg import Video
from services.diarizer.picture.frames import WHOLE, frames
from services.exporter.engines.base import Cover
from services.exporter.export import transcript_of
from services.exporter.picture import Drawn, Setting, draw, patches, wanted
from services.exporter.source import inspect
from shared.media import probe
from shared.messaging import JobContext
from shared.pipeline import CancelToken, ErrorCode, PermanentError, language
from shared.storage import keys, put_bytes
from shared.transcript import (
    CueEdit,
    MediaFacts,
    PictureBox,
    PictureCue,
    PictureEdits,
    PictureRow,
    PictureWords,
    PlacedText,
    Transcript,
)
from tests.services.exporter.conftest import Bench, look, tone

SAID = (Line(0.4, 1.2, "今天我们去山上看日出"), Line(1.2, 2.0, "你带了多少钱？"))
SPANISH = ("Hoy vamos a la montaña", "¿Cuánto dinero traes?")
BOXES = (PictureBox(x=0.345, y=0.865, w=0.31, h=0.075), PictureBox(x=0.395, y=0.865, w=0.21, h=0.075))
BETWEEN_S = 0.1


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """Two Chinese lines over a moving picture, and what is true of it."""
    made = Clip("covered", lines=SAID, beside=("logo",), crf=18)
    return make(made, tmp_path_factory.mktemp("covered") / "clip.mp4")


def words(**fields) -> PictureWords:
    cues = tuple(
        PictureCue(
            id=f"p{number:04d}",
            start_s=line.start_s,
            end_s=line.end_s,
            text=line.text,
            confidences=(0.99,) * len(line.text),
            rows=(PictureRow(box=box, text=line.text, confidence=0.99),),
        )
        for number, (line, box) in enumerate(zip(SAID, BOXES, strict=True), start=1)
    )
    return PictureWords(**{"language": "zh", "height": 0.075, "cues": cues, "engine": "rapidocr"} | fields)


def export(bench: Bench, clip: Path, known: PictureWords | None = None, **settings):
    """The stage's export of two Spanish lines."""
    lines = [bench.line(one.start_s, one.end_s, tone(0.3), text=text) for one, text in zip(SAID, SPANISH, strict=True)]
    job = bench.job(clip, lines, **settings)
    key = keys.processed(job.task_id, 1, "transcript.json")
    facts = MediaFacts(container="mov", duration_s=2.8)
    transcript = Transcript(source_language="zh", media=facts, picture=known or words())
    put_bytes(bench.store, key, transcript.model_dump_json().encode())
    job = job.model_copy(update={"transcript_key": key})
    result = bench.handle(job, JobContext(bench.store, bench.workdir))
    video = bench.store.local(keys.export(job.task_id, "es", 1, result.files[0].name), bench.folder)
    return video, result.report


def pictures(path: Path, *moments: float) -> list[np.ndarray]:
    container, facts = probe(path, CancelToken())
    found = {
        round(frame.at_s, 2): frame.pixels for frame in frames(Video(path, container, facts), 25, WHOLE, CancelToken())
    }
    return [found[moment].astype(int) for moment in moments]


def inside(picture: np.ndarray, box: PictureBox) -> np.ndarray:
    high, wide = picture.shape[:2]
    return picture[int(box.y * high) : int(box.bottom * high), int(box.x * wide) : int(box.right * wide)]


@pytest.mark.parametrize("way", ["blur", "fill", "bar"])
def test_only_the_box_and_only_while_it_is_shown(bench: Bench, clip: Path, way: str) -> None:
    """The text goes; outside the box, and before it comes, the picture differs by what encoding does to it."""
    video, report = export(bench, clip, picture="covered", cover=way)
    (before, during), (old_before, old) = pictures(video, 0.2, 0.8), pictures(clip, 0.2, 0.8)
    assert np.abs(before - old_before).mean() < 1.5
    outside = np.abs(during - old)
    outside[300:345, 205:435] = 0
    assert outside.mean() < 1.5
    assert np.abs(inside(during, BOXES[0]) - inside(old, BOXES[0])).mean() > 15
    assert report["words_in_picture"] == {
        "mode": "covered",
        "way": way,
        "language": "zh",
        "cues_read": 2,
        "confidence": 0.99,
        "patches_covered": 2,
        "cues_set": 0,
    }
    assert report["checks"]["picture_encoded"]


def test_the_colors_are_tagged_as_they_were(bench: Bench, clip: Path) -> None:
    """And the picture keeps its size, its rate and its length."""
    video, report = export(bench, clip, picture="covered")
    names = ("color_space", "color_transfer", "color_primaries", "color_range", "width", "height", "r_frame_rate")
    made, old = (next(one for one in look(path)["streams"] if one["codec_type"] == "video") for path in (video, clip))
    assert [made.get(name) for name in names] == [old.get(name) for name in names]
    assert report["checks"]["picture_length"]


def test_without_words_in_the_picture_it_is_copied(bench: Bench, clip: Path) -> None:
    """Whatever is asked for; and `original` leaves it as it is."""
    for picture, mode in ((PictureWords(), "localised"), (words(), "original")):
        _, report = export(bench, clip, known=picture, picture=mode)
        assert report["checks"]["picture_copied"]
        assert report["words_in_picture"] is None


def test_subtitles_that_nobody_read_cannot_be_covered(bench: Bench, clip: Path) -> None:
    """It is said, with the way out."""
    with pytest.raises(PermanentError, match="were not read yet") as refused:
        export(bench, clip, known=words(cues=None), picture="covered")
    assert refused.value.code is ErrorCode.EXPORT_INVALID


@pytest.fixture(scope="session")
def reader():
    pytest.importorskip("rapidocr", reason="RapidOCR is not installed: pip install rapidocr")
    from services.diarizer.engines.rapidocr import RapidPictureText

    return RapidPictureText()


def read(reader, picture: np.ndarray) -> str:
    found = picture.astype(np.uint8)[180:]
    places = reader.find(found)
    return " ".join(one.text for one in reader.read([found[at.top : at.bottom, at.left : at.right] for at in places]))


def test_the_new_text_is_read_where_the_old_one_was(bench: Bench, clip: Path, reader) -> None:
    """By an engine that knows both: nothing is left of the Chinese, and the Spanish is there."""
    video, report = export(bench, clip, picture="localised")
    found = [read(reader, picture) for picture in pictures(video, 0.8, 1.6)]
    assert "Hoy vamos a la monta" in found[0]
    assert "dinero traes" in found[1]
    assert not any("一" <= letter <= "鿿" for letter in "".join(found))
    assert report["words_in_picture"]["cues_set"] == 2


def test_two_languages_at_once(bench: Bench, clip: Path, reader) -> None:
    """The new one above, the one spoken below it."""
    video, _ = export(bench, clip, picture="localised", picture_second=True)
    (found,) = [read(reader, picture) for picture in pictures(video, 0.8)]
    assert "Hoy vamos" in found
    assert "Hello" in found


def test_a_person_corrects_what_is_covered(clip: Path) -> None:
    """A box of their own, a line left alone, another way; a title is covered and set again."""
    source = inspect(clip, CancelToken())
    box = PictureBox(x=0.1, y=0.1, w=0.5, h=0.2)
    title = PlacedText(start_s=1.0, end_s=2.0, box=box, cover="bar", texts={"es": "SALIDA 24"})
    edits = PictureEdits(cues={"p0001": CueEdit(box=box), "p0002": CueEdit(cover="off")}, placed=(title,))
    found = patches(wanted(words(), "covered", "blur", edits), source)
    assert [(one.left, one.top, one.width, one.height, one.way) for one in found] == [
        (64, 36, 320, 72, "blur"),
        (64, 36, 320, 72, "bar"),
    ]
    assert (found[1].start_s, found[1].end_s) == (1.0, 2.0)


def test_what_fades_is_covered_for_longer_than_it_reads(clip: Path) -> None:
    """A cue that is there at once is covered for a frame more on each side."""
    source = inspect(clip, CancelToken())
    sharp = words().cues[0]
    fading = words(cues=(sharp.model_copy(update={"fades": True}),))
    for picture, longer_s in ((words(cues=(sharp,)), 0.04), (fading, 0.16)):
        (found,) = patches(wanted(picture, "covered", "blur", PictureEdits()), source)
        assert (found.start_s, found.end_s) == (pytest.approx(0.4 - longer_s), pytest.approx(1.2 + longer_s))


def test_a_thousand_filled_places_are_blurred_instead(clip: Path, tmp_path: Path) -> None:
    """Each would be a filter of its own; the blur is one, however many there are."""
    source = inspect(clip, CancelToken())
    many = tuple(words().cues[0].model_copy(update={"start_s": n, "end_s": n + 0.5}) for n in range(1200))
    asked = wanted(words(cues=many), "covered", "fill", PictureEdits())
    drawn = draw(asked, None, source, tmp_path, CancelToken())
    assert drawn.cover.filled == ()
    assert drawn.cover.mask.read_text().count("Dialogue:") == 1200
    few = wanted(words(), "covered", "fill", PictureEdits())
    assert isinstance(draw(few, None, source, tmp_path, CancelToken()).cover, Cover)


def test_left_aligned_and_upper_text_keeps_its_place(clip: Path, tmp_path: Path) -> None:
    """The same edge, size and colors."""
    source = inspect(clip, CancelToken())
    top = PictureBox(x=0.1, y=0.05, w=0.4, h=0.1)
    cue = (
        words()
        .cues[0]
        .model_copy(
            update={"rows": (PictureRow(box=top, text="上", confidence=1),), "color": "#FFE800", "outline": "#101010"}
        )
    )
    for alignment, place in (("left", "\\an1\\pos(192,162)"), ("center", "\\an8\\pos(576,54)")):
        asked = wanted(words(cues=(cue,), alignment=alignment), "localised", "blur", PictureEdits())
        lines = [Bench.line(None, 0.4, 1.2, text="Hola", state="dubbed")]
        drawn = draw(asked, Setting(lines, language("es")), source, tmp_path, CancelToken())
        written = drawn.text.read_text()
        assert place in written
        assert "\\1c&H00E8FF&" in written
        assert "\\fs108" in written


def test_a_transcript_that_is_gone_stops_nothing(bench: Bench) -> None:
    """The picture is then left as it is."""
    assert transcript_of("tasks/t/none.json", JobContext(bench.store, bench.workdir)) is None
    assert Drawn().changes is False
    assert replace(Drawn(), text=Path("x")).changes
