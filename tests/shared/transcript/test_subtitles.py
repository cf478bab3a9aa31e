"""Subtitle files of every kind in, SRT and WebVTT out."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript import Cue, TooManyCues, read_subtitles, write_srt, write_vtt


def read(data: bytes, language: str | None = None) -> list[Cue]:
    """What times and text are in a file."""
    cues = read_subtitles(data, language).cues
    return [Cue(start_s=cue.start_s, end_s=cue.end_s, text=cue.text) for cue in cues]


SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n2\n00:01:03,000 --> 00:01:04,500\nzwei\n"

TEXTS = {
    "fr": "Où êtes-vous, garçon ? Ça va très bien, à côté.",
    "de": "Größe und Straße, übermäßig schön.",
    "es": "¿Dónde está el niño? ¡Mañana!",
    "ko": "안녕하세요 여러분 오늘은 날씨가 좋네요",
    "ja": "こんにちは、皆さん。今日はいい天気ですね",
    "zh": "大家好，今天的天气真好啊",
}
LEGACY = {"fr": "cp1252", "de": "cp1252", "es": "cp1252", "ko": "cp949", "ja": "cp932", "zh": "gb18030"}

# What survives a subtitle file: no control characters, no markup, no space at the ends of a row.
# Nor letters that with the next one look like UTF-8 encoded twice.
TWICE = "ÂÃÄÅÐÑâãäåæçèéêëìíî"
rows = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="<>\\&" + TWICE), min_size=1, max_size=20
)
texts = st.lists(rows, min_size=1, max_size=3).map("\n".join)
times = st.integers(min_value=0, max_value=5 * 3600 * 1000)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    """Cues in time order; lengths of a millisecond and more."""
    starts = sorted(draw(st.lists(times, min_size=1, max_size=8, unique=True)))
    lengths = draw(st.lists(st.integers(1, 7000), min_size=len(starts), max_size=len(starts)))
    return [
        Cue(start_s=start / 1000, end_s=(start + length) / 1000, text=draw(texts))
        for start, length in zip(starts, lengths, strict=True)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", TEXTS)
def test_unicode_is_recognized(language: str, encoding: str) -> None:
    """With a mark or without, the text is read as it was written."""
    cues = read(SRT.format(TEXTS[language]).encode(encoding))
    assert [cue.text for cue in cues] == [TEXTS[language], "zwei"]
    assert [(cue.start_s, cue.end_s) for cue in cues] == [(1.0, 2.5), (63.0, 64.5)]


@pytest.mark.parametrize("language", TEXTS)
def test_legacy_encoding_of_a_known_language(language: str) -> None:
    """A short text is decided by its language."""
    data = SRT.format(TEXTS[language]).encode(LEGACY[language])
    assert read_subtitles(data, language).cues[0].text == TEXTS[language]


@pytest.mark.parametrize("language", ["fr", "de", "es", "ko", "ja"])
def test_legacy_encoding_is_guessed(language: str) -> None:
    """Without a language the encodings of the offered languages are told apart."""
    data = SRT.format(TEXTS[language]).encode(LEGACY[language])
    assert read_subtitles(data).cues[0].text == TEXTS[language]


VTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE a comment
of two rows

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Bob>Tom &amp; <b>Ann</b></v>
{second} row

NOTE between cues
--

section-2
00:00:03.000 --> 00:00:04.000
what follows?
7

00:00:00.500 --> 00:00:00.900
first in time
42
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:05.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\i1}Tom & Ann{\\i0}\\Nsecond row
"""


def test_vtt() -> None:
    """Settings, styles, notes, voices and entities are understood, and cues come in time order."""
    assert read(VTT.encode()) == [
        Cue(start_s=0.5, end_s=0.9, text="first in time\n42"),
        Cue(start_s=1.0, end_s=2.5, text="Tom & Ann\n{second} row"),
        Cue(start_s=3.0, end_s=4.0, text="what follows?\n7"),
    ]


def test_ass() -> None:
    """Comments and override tags are left out."""
    assert read(ASS.encode()) == [Cue(start_s=1.0, end_s=2.5, text="Tom & Ann\nsecond row")]


def test_srt_oddities() -> None:
    """Windows line ends, markup, tags of ASS, missing numbers, cues without text or length are taken as meant."""
    data = (
        "\ufeff00:00:01,000 --> 00:00:02,000\r\n{\\an8}<i>a {b} c</i>\r\nd\r\n\r\n"
        "7\r\n00:00:03,000 --> 00:00:04,000\r\n\r\n\r\n"
        "8\r\n00:00:05,000 --> 00:00:05,000\r\nno length\r\n\r\n"
        "9\r\n00:00:06.000 --> 00:00:07.000 X1:1\r\nlast\r\n\r\nrow\r\n"
        "00:00:08,000 --> 00:00:09,000\r\n1984\r\n7"
    ).encode()
    cues = read(data)
    assert [cue.text for cue in cues] == ["a {b} c\nd", "no length", "last\nrow", "1984\n7"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"plain text",
        b"WEBVTT\n",
        b"1\n00:00:01,000 --> 00:00:02,000\n",
        b"00:00:01:seconds",
        b'{"events": []}',
        b"<tt xmlns='http://www.w3.org/ns/ttml'/>",
        b"\x00\x00\x00\x20ftypisom" + bytes(500),
        bytes(range(256)),
    ],
)
def test_other_files_are_refused(data: bytes) -> None:
    """What is no subtitle file, or holds no cue, is refused with its code."""
    with pytest.raises(PermanentError) as refused:
        read_subtitles(data)
    assert refused.value.code is ErrorCode.SUBTITLES_UNREADABLE


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: SRT.format(text).encode("utf-8", "replace"))
    )
)
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Whatever is uploaded, there are sound cues or a refusal."""
    try:
        cues = read(data)
    except PermanentError:
        return
    assert all(cue.text and 0 <= cue.start_s < cue.end_s for cue in cues)
    assert cues == sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


@given(cue_lists())
def test_written_files_read_back(cues: list[Cue]) -> None:
    """SRT and WebVTT carry times to the millisecond and the text with all its characters."""
    assert read(write_srt(cues).encode()) == cues
    assert read(write_vtt(cues).encode()) == cues


def test_written_form() -> None:
    """The files look as players expect them: numbers, two-digit hours, escapes in WebVTT, no empty row in a cue."""
    cues = [Cue(start_s=0, end_s=1.5, text="a < b & c\n\n--> d"), Cue(start_s=3661.0009, end_s=3662, text="{e}")]
    assert write_srt(cues) == (
        "1\n00:00:00,000 --> 00:00:01,500\na < b & c\n--> d\n\n2\n01:01:01,001 --> 01:01:02,000\n{e}\n"
    )
    assert write_vtt(cues) == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\na &lt; b &amp; c\n--&gt; d\n\n"
        "2\n01:01:01.001 --> 01:01:02.000\n{e}\n"
    )


def test_a_large_file_in_a_legacy_encoding_is_read() -> None:
    """Its encoding is told from a part of it that differs between encodings."""
    plain = "".join(f"{n}\n00:00:{n % 60:02},000 --> 00:01:00,000\nplain {n}\n\n" for n in range(9000))
    data = (plain + SRT.format(TEXTS["ko"])).encode("cp949")
    assert TEXTS["ko"] in [cue.text for cue in read(data)]


def test_more_cues_than_anybody_says_are_refused() -> None:
    """However small they are."""
    one = "0:0:0,0 --> 0:0:1,0\nx{}\n"
    most = "".join(one.format(n) for n in range(30_000))
    assert len(read(most.encode())) == 30_000
    with pytest.raises(TooManyCues, match="30000"):
        read((most + one).encode())


@pytest.mark.parametrize("sign", ["<a", "<" + " " * 50, "{\\", "&", "&#9", "\n", "\n \t", "1:", "00:00:00,000 "])
@pytest.mark.parametrize(
    "head", ["00:00:00,000 --> 00:00:01,000\n", "WEBVTT\n\n00:00.000 --> 00:01.000\n", ASS.rstrip()]
)
def test_one_sign_repeated_takes_no_longer_than_another(head: str, sign: str) -> None:
    """A megabyte of it in one cue; a pattern that looks ahead from each of them would take hours."""
    with contextlib.suppress(PermanentError):
        read_subtitles((head + sign * (1_000_000 // len(sign))).encode())
