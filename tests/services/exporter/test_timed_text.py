"""TTML in the text profile of IMSC 1.1, read back by the library that others use and by LocalClip itself."""

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from ttconv.filters.doc.imsc11text import IMSC11TextFilter
from ttconv.imsc.reader import to_model
from ttconv.model import Br, ContentDocument, P, Text

from services.exporter.source import frame_rate
from services.exporter.timed_text import write_ttml
from shared.transcript import Cue, read_subtitles
from tests.services.exporter.conftest import Bench, MakeVideo, tone

FILM = Fraction(24000, 1001)


def read(text: str) -> ContentDocument:
    """The document as another program has it; it breaks no rule of the profile, and names it."""
    assert 'contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text"' in text
    document = to_model(ET.ElementTree(ET.fromstring(text)))  # noqa: S314 (written here)
    assert document is not None
    IMSC11TextFilter().process(document)
    return document


def paragraphs(document: ContentDocument) -> list[tuple[Fraction | None, Fraction | None, str]]:
    """Begin, end and text of each, with a line feed for each line break."""
    body = document.get_body()
    assert body is not None
    return [
        (
            one.get_begin(),
            one.get_end(),
            "".join("\n" if isinstance(part, Br) else part.get_text() for part in one.dfs_iterator() if _says(part)),
        )
        for one in body.dfs_iterator()
        if isinstance(one, P)
    ]


def _says(part: object) -> bool:
    return isinstance(part, Br | Text)


def test_times_are_those_of_frames() -> None:
    """Each at the nearest frame of the film, none shorter than one; line breaks are kept, control marks not."""
    cues = [
        Cue(start_s=1.0, end_s=2.5, text="¿Qué & tal?\n<Señor>", second="How are you?"),
        Cue(start_s=3600.0, end_s=3600.001, text="好\x0b的"),
    ]
    document = read(write_ttml(cues, "es", FILM))
    assert document.get_lang() == "es"
    assert paragraphs(document) == [
        (Fraction(24) / FILM, Fraction(60) / FILM, "¿Qué & tal?\n<Señor>\nHow are you?"),
        (Fraction(86314) / FILM, Fraction(86315) / FILM, "好的"),
    ]


def test_without_a_picture_times_are_milliseconds() -> None:
    """And no cue at all is a document too."""
    assert paragraphs(read(write_ttml([Cue(start_s=1.2345, end_s=2, text="Eins")], "de", None))) == [
        (Fraction(1234, 1000), Fraction(2), "Eins")
    ]
    assert paragraphs(read(write_ttml([], "de", Fraction(25)))) == []


def test_it_is_read_here_as_it_was_written() -> None:
    """Also an hour later, where frames of a 1000/1001 rate would be 3.6 seconds off."""
    (cue,) = read_subtitles(write_ttml([Cue(start_s=3600, end_s=3602, text="a\nb")], "en", FILM).encode()).cues
    assert cue.text == "a\nb"
    assert cue.start_s == pytest.approx(3600, abs=0.021)
    assert cue.end_s == pytest.approx(3602, abs=0.021)


@pytest.mark.parametrize(
    ("average", "highest", "rate"),
    [
        ("24000/1001", "24000/1001", FILM),
        ("25/1", "25/1", Fraction(25)),
        ("10/1", "10/1", Fraction(10)),
        ("17910000/598127", "30/1", Fraction(30000, 1001)),  # a telephone, whose frames come when they come
        ("19001/317", "90000/1", Fraction(60000, 1001)),
        ("0/0", "0/0", Fraction(25)),
    ],
)
def test_the_rate_is_exact_or_a_usual_one(average: str, highest: str, rate: Fraction) -> None:
    """Constant rates as they are; others as the nearest that editing programs know."""
    assert frame_rate({"avg_frame_rate": average, "r_frame_rate": highest}) == rate


def test_exports_and_recipes_come_with_it(bench: Bench, make_video: MakeVideo) -> None:
    """On the frames of the video itself, beside the other subtitles of a language and by recipe."""
    video = make_video(rate="24000/1001", duration_s=3.003)
    lines = [bench.line(1, 2, tone(1), text="¿Qué tal?")]
    own = bench.run(video, lines).product("subtitles_es.ttml").read_text(encoding="utf-8")
    recipe = {"kind": "subtitles", "sidecars": [{"language": "*", "format": "ttml"}]}
    made = bench.render(video, {"es": lines}, recipe)
    assert made.names == ["talk.es.ttml"]
    assert made.result.files[0].media_type == "application/ttml+xml"
    for text in (own, made.file("talk.es.ttml").read_text(encoding="utf-8")):
        assert paragraphs(read(text)) == [(24 / FILM, 48 / FILM, "¿Qué tal?")]
