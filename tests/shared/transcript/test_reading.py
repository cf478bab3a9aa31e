"""Subtitle files as people have them: what is read, and what is told of it."""

import json
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript import Cue, CueKind, Reading, RemarkKind, read_subtitles


def read(text: str, language: str | None = "en") -> Reading:
    """A file in UTF-8."""
    return read_subtitles(text.encode(), language)


def texts(reading: Reading) -> list[str]:
    """What is said."""
    return [cue.text for cue in reading.cues]


def told(reading: Reading) -> dict[str, tuple[int, ...]]:
    """The rows of each kind of remark."""
    return {remark.kind.value: remark.rows for remark in reading.remarks}


def refusal(data: bytes) -> str:
    """Why a file is refused."""
    with pytest.raises(PermanentError) as refused:
        read_subtitles(data, "en")
    assert refused.value.code is ErrorCode.SUBTITLES_UNREADABLE
    return refused.value.message


def test_a_sound_file_has_no_remarks() -> None:
    """What needs no repair is not talked about; rows are those of the file."""
    reading = read("1\n00:00:01,000 --> 00:00:02,000\nGood morning.\n\n2\n00:00:03,000 --> 00:00:04,000\nHello.\n")
    assert reading.cues == (
        Cue(start_s=1, end_s=2, text="Good morning.", row=2),
        Cue(start_s=3, end_s=4, text="Hello.", row=6),
    )
    assert (reading.format, reading.remarks) == ("srt", ())


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.000 align:start position:0%
 
the<00:00:00.400><c> train</c><00:00:00.900><c> leaves</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
the train leaves
 

00:00:02.010 --> 00:00:05.000 align:start position:0%
the train leaves
at<00:00:02.500><c> nine</c><00:00:03.000><c> tonight</c>

00:00:05.000 --> 00:00:05.010 align:start position:0%
at nine tonight
 
"""  # noqa: W293 (rows of one space are what this is about)


def test_rolling_captions_say_each_phrase_once() -> None:
    """Captions of live speech show a phrase up to three times, with the times of words inside."""
    reading = read(ROLLING)
    assert [(cue.start_s, cue.end_s, cue.text) for cue in reading.cues] == [
        (0.0, 2.0, "the train leaves"),
        (2.01, 5.0, "at nine tonight"),
    ]
    assert told(reading) == {"rolling": (9, 13, 17)}


def test_rolling_captions_converted_to_srt() -> None:
    """Without times of words they are told by their pattern."""
    rows = [f"phrase number {n}" for n in range(6)]
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\n{rows[n - 1]}\n{rows[n]}\n" for n in range(1, 6)]
    reading = read("\n".join(cues))
    assert texts(reading) == ["phrase number 0\nphrase number 1", *rows[2:]]
    assert told(reading) == {"rolling": (7, 12, 17, 22)}


def test_what_is_said_twice_stays() -> None:
    """A reply that is repeated is no rolling caption."""
    cues = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\nNo!\n\n" for n in range(1, 6))
    assert texts(read(cues)) == ["No!"] * 5


def test_times_inside_a_row_of_vtt() -> None:
    """A row with two inline times is text."""
    reading = read("WEBVTT\n\n00:01.000 --> 00:03.000\nwe <00:01.500>go <00:02.000>home\n")
    assert texts(reading) == ["we go home"]


def test_voices_notes_styles_and_regions_of_vtt() -> None:
    """Names become speakers; two voices in a cue become two; what is no cue is left out with its row."""
    reading = read(
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:low\n\nNOTE two\nrows\n\nfirst\n"
        "00:01.000 --> 00:03.000 region:low line:85%\n<v.loud Mary Ann>Tea&nbsp;&amp; cake?\n\n"
        "00:04.000 --> 00:06.000\n<v Tom>Yes.</v>\n<v Mary Ann>Good.</v>\n"
    )
    assert [(cue.speaker, cue.text) for cue in reading.cues] == [
        ("Mary Ann", "Tea & cake?"),
        ("Tom", "Yes."),
        ("Mary Ann", "Good."),
    ]
    assert [(cue.start_s, cue.end_s) for cue in reading.cues[1:]] == [(4.0, 4.889), (4.889, 6.0)]
    assert told(reading) == {"note": (3, 6, 9)}


def test_text_below_an_empty_row_of_vtt() -> None:
    """It is not lost."""
    reading = read("WEBVTT\n\n00:01.000 --> 00:03.000\nfirst\n\nsecond\n\n00:04.000 --> 00:05.000\nthird\n")
    assert texts(reading) == ["first\nsecond", "third"]
    assert told(reading) == {"loose_text": (6,)}


def test_no_empty_rows_between_cues() -> None:
    """The number of the next cue is no text; a number that is said is."""
    reading = read(
        "1\n00:00:01,000 --> 00:00:02,000\nHow many?\n2\n00:00:03,000 --> 00:00:04,000\n12\n"
        "3\n00:00:05,000 --> 00:00:06,000\nIn the year\n1984\n4\n00:00:07,000 --> 00:00:08,000\nBye.\n"
    )
    assert texts(reading) == ["How many?", "12", "In the year\n1984", "Bye."]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\r\r\n"])
def test_ends_of_rows(end: str) -> None:
    """Whatever ends a row, numbers are no words and rows are counted as editors do."""
    rows = ["1", "00:00:01,000 --> 00:00:02,000", "One.", "", "2", "00:00:03,000 --> 00:00:02,000", "Two.", ""]
    reading = read(end.join(rows))
    assert texts(reading) == ["One.", "Two."]
    assert told(reading) == {"no_length": (6,)}


def test_every_second_row_empty() -> None:
    """As line ends converted twice leave a file; rows are those of the file."""
    rows = ["1", "00:00:01,000 --> 00:00:02,000", "One", "more.", "", "2", "00:00:03,000 -> 00:00:04,000", "Two."]
    reading = read("\n\n".join(rows))
    assert texts(reading) == ["One\nmore.", "Two."]
    assert told(reading) == {"double_spaced": (), "odd_times": (13,)}


def test_entities_and_tags() -> None:
    """Entities are read, tags are not, and what only looks like one is text."""
    reading = read(
        '1\n00:00:01,000 --> 00:00:02,000\n<font color="#ffff00">Tom &amp; <b>Ann</b></font>&lrm; &lt;two&gt;\n\n'
        "2\n00:00:03,000 --> 00:00:04,000\nI <3 you, a < b > c, {good} AT&T &copy 1\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\n{\\an8}<i>東京<rt>とうきょう</rt></i><br>x\n"
    )
    assert texts(reading) == ["Tom & Ann <two>", "I <3 you, a < b > c, {good} AT&T &copy 1", "東京\nx"]


ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Start, End, Style, Name, Effect, Text
"""


@pytest.mark.parametrize(
    ("row", "cue"),
    [
        ("0:00:01.00,0:00:02.50,Default,Eve,,{\\i1}Not{\\i0} here,\\Nplease.", ("Not here,\nplease.", "Eve", "speech")),
        ("0:00:01.00,0:00:02.50,Default,,,{\\pos(10,20)}Bakery", ("Bakery", "", "sign")),
        ("0:00:01.00,0:00:02.50,Default,,,{\\an8}EXIT", ("EXIT", "", "sign")),
        ("0:00:01.00,0:00:02.50,Default,,,{\\an8}Who is there?", ("Who is there?", "", "speech")),
        ("0:00:01.00,0:00:02.50,Signs-top,,,Closed", ("Closed", "", "sign")),
        ("0:00:01.00,0:00:02.50,Default,,fx,{\\k20}La {\\kf30}la", ("La la", "", "song")),
        ("0:00:01.00,0:00:02.50,Default,,,{\\p1}m 0 0 l 9 9{\\p0}Shop", ("Shop", "", "speech")),
    ],
)
def test_kinds_of_rows_of_ass(row: str, cue: tuple[str, str, str]) -> None:
    """The columns are those that the file names."""
    (found,) = read(f"{ASS}Dialogue: {row}\n").cues
    assert (found.text, found.speaker, found.kind.value) == cue
    assert (found.start_s, found.end_s) == (1.0, 2.5)


def test_what_is_left_out_of_ass() -> None:
    """Drawings, comments, layers of the same words, and one row with times that cannot be read."""
    reading = read(
        f"{ASS}Comment: 0:00:00.00,0:00:01.00,Default,,,later\n"
        "Dialogue: 0:00:01.00,0:00:02.00,Default,,,{\\p2}m 0 0 l 100 0{\\p0}\n"
        "Dialogue: 0:00:01.00,0:00:02.00,Karaoke,,,{\\k20}La {\\k30}la\n"
        "Dialogue: 0:00:01.00,0:00:02.00,Karaoke,,,{\\k20}La {\\k30}la\n"
        "Dialogue: 0:00:xx.00,0:00:02.00,Default,,,lost\n"
        "Dialogue: 0:00:03.00,0:00:04.00,Default,,,kept\n"
    )
    assert [(cue.text, cue.kind) for cue in reading.cues] == [("La la", CueKind.SONG), ("kept", CueKind.SPEECH)]
    assert told(reading) == {"note": (10,), "drawing": (11,), "repeated": (13,), "unreadable": (14,)}


def test_ends_before_the_start() -> None:
    """A cue that ends where it begins, or before, is spoken: for as long as it is read, up to the next."""
    reading = read(
        "1\n00:00:01,000 --> 00:00:00,500\nThis takes two seconds to say.\n\n"
        "2\n00:00:02,000 --> 00:00:02,000\nHm.\n\n3\n00:00:09,000 --> 00:00:10,000\nEnd.\n"
    )
    assert [(cue.start_s, cue.end_s) for cue in reading.cues] == [(1.0, 2.0), (2.0, 2.833), (9.0, 10.0)]
    assert told(reading) == {"no_length": (2, 6)}


def test_beyond_99_hours() -> None:
    """Hours have as many digits as they have."""
    (cue,) = read("1\n100:00:01,000 --> 100:00:02,500\nLate.\n").cues
    assert (cue.start_s, cue.end_s) == (360001.0, 360002.5)


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ("0:00:01 --> 0:00:03,600", (1.0, 3.6)),
        ("00:12 --> 00:14", (12.0, 14.0)),
        ("00:00:12:000 --> 00:00:14:200", (12.0, 14.2)),
        ("00:00:12:05 --> 00:00:14:20", (12.2, 14.8)),
        ("00:00:01,000 -> 00:00:03,600", (1.0, 3.6)),
        ("00:00:01,000 ---> 00:00:03,600", (1.0, 3.6)),
        ("00:00:01,000 → 00:00:03,600", (1.0, 3.6)),
        ("00:00:01,000 --&gt; 00:00:03,600", (1.0, 3.6)),
        ("00: 00: 01, 000 --> 00: 00: 03, 600", (1.0, 3.6)),
    ],
)
def test_times_written_in_other_ways(times: str, span: tuple[float, float]) -> None:
    """What can be read is read, and told."""
    reading = read(f"1\n{times}\nHello.\n")
    assert [(cue.start_s, cue.end_s, cue.text) for cue in reading.cues] == [(*span, "Hello.")]
    assert set(told(reading)) <= {"odd_times"}


def test_one_bad_row_costs_one_cue() -> None:
    """It is named, and the others are read."""
    reading = read(
        "1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n2\n00:00:0x,000 --> 00:00:04,000\nTwo.\n\n"
        "3\n00:00:05,000 --> 00:00:06,000 Three.\nFour.\n"
    )
    assert texts(reading) == ["One.", "Three.\nFour."]
    assert told(reading) == {"unreadable": (6,), "text_beside_times": (10,)}


def test_text_with_times_is_text() -> None:
    """Only a row that begins with times begins a cue."""
    reading = read("1\n00:00:01,000 --> 00:00:02,000\nOpen from 10:00:00 to 12:30:00.\nA --> B\n")
    assert texts(reading) == ["Open from 10:00:00 to 12:30:00.\nA --> B"]


def test_order_repeats_and_no_text() -> None:
    """Cues come in the order of time, each once."""
    reading = read(
        "1\n00:00:05,000 --> 00:00:06,000\nB\n\n2\n00:00:01,000 --> 00:00:02,000\nA\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nB\n\n4\n00:00:07,000 --> 00:00:08,000\n<i></i>\n"
    )
    assert texts(reading) == ["A", "B"]
    assert told(reading) == {"order": (6,), "repeated": (10,), "no_text": (14,)}


def test_a_very_long_cue_is_cut_at_sentences() -> None:
    """It is no reason to refuse a file; its time is shared by length."""
    sentence = "This is a sentence of exactly fifty characters ok. "
    reading = read(f"1\n00:00:00,000 --> 00:01:40,000\n{sentence * 60}\n")
    assert [len(text) for text in texts(reading)] == [39 * 51 - 1, 21 * 51 - 1]
    assert all(text.endswith("ok.") for text in texts(reading))
    assert [(round(cue.start_s), round(cue.end_s)) for cue in reading.cues] == [(0, 65), (65, 100)]
    assert told(reading) == {"too_long": (2,)}
    assert [len(text) for text in texts(read(f"1\n00:00:00,000 --> 00:00:01,000\n{'x' * 4100}\n"))] == [2000, 2000, 100]


def test_two_languages_in_each_cue() -> None:
    """The one that the file is said to be in is read."""
    cues = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\nGood morning {n}.\n早上好 {n}。\n\n" for n in (1, 2))
    assert texts(read(cues, "en")) == ["Good morning 1.", "Good morning 2."]
    assert texts(read(cues, "zh")) == ["早上好 1。", "早上好 2。"]
    assert told(read(cues, "zh")) == {"other_language": (2, 7)}
    assert texts(read("1\n00:00:01,000 --> 00:00:02,000\nWhat does\n你好\nmean?\n\n" + cues[:40] + "x\n", "en"))[0]


LEGACY = [
    ("fr", "cp1252", "Windows-1252", "Où êtes-vous, garçon ? Ça va très bien, à côté."),
    ("fr", "mac_roman", "Mac Roman", "Où êtes-vous, garçon ? Ça va très bien, à côté."),
    ("fr", "cp850", "DOS (CP850)", "Où êtes-vous, garçon ? Ça va très bien, à côté."),
    ("fr", "cp1252", "Windows-1252", "Il était une fois un élève."),
    ("ja", "cp932", "Shift-JIS", "そうですね。"),
    ("ja", "euc_jp", "EUC_JP", "そうですね。"),
    ("ko", "cp949", "CP949", "그래, 알았어."),
    ("zh", "gb18030", "GB18030", "我们明天去山里。"),
    ("zh", "big5", "BIG5", "我們明天去山裡。"),
]


@pytest.mark.parametrize(("language", "encoding", "name", "text"), LEGACY)
def test_old_encodings_of_a_known_language(language: str, encoding: str, name: str, text: str) -> None:
    """A line is enough where the language is known, and what it was taken for is told."""
    reading = read_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n".encode(encoding), language)
    assert texts(reading) == [text]
    assert [(one.kind, name in one.text) for one in reading.remarks] == [(RemarkKind.ENCODING, True)]


def test_one_bad_byte_costs_no_other_letter() -> None:
    """A file in UTF-8 stays one; rows of another encoding in it are read as that."""
    start = "1\n00:00:01,000 --> 00:00:02,000\n"
    bad = f"{start}Très bien, élève.\n\n".encode() + b"2\n00:00:03,000 --> 00:00:04,000\nL'\xe9t\xe9 \xc3 \n"
    reading = read_subtitles(bad, "fr")
    assert texts(reading) == ["Très bien, élève.", "L'été \ufffd"]
    assert told(reading) == {"bad_bytes": (7,)}
    korean = f"{start}그래, 알았어.\n\n".encode() + b"2\n00:00:03,000 --> 00:00:04,000\n" + "네.".encode("cp949")
    assert texts(read_subtitles(korean, "ko")) == ["그래, 알았어.", "네."]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("C?est une bonne id\u00e9e, n?est-ce pas?", "C'est une bonne id\u00e9e, n'est-ce pas?"),
        ("Jusqu?\u00e0 l?\u00e9t\u00e9 ?", "Jusqu'\u00e0 l'\u00e9t\u00e9 ?"),
        ("Don?t say it?s mine. We?re late, I?ll go.", "Don't say it's mine. We're late, I'll go."),
    ],
)
def test_apostrophes_that_an_encoding_lost(text: str, right: str) -> None:
    """DOS code pages have no curly one, and what wrote the file put a question mark there."""
    reading = read(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n", None)
    assert [cue.text for cue in reading.cues] == [right]
    assert told(reading) == {"lost_apostrophe": (2,)}


@pytest.mark.parametrize(
    "text", ["Really?No.", "Who?", "See example.org/page?s=1", "What?That?", "\u00bfQu\u00e9?", "C? Est."]
)
def test_other_question_marks_stay(text: str) -> None:
    """A question without a space behind it is no word."""
    assert texts(read(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n", None)) == [text]


def test_encoded_twice() -> None:
    """UTF-8 that was taken for another encoding and encoded again is put right."""
    twice = "Très bien, l’été.".encode().decode("cp1252")
    reading = read(f"1\n00:00:01,000 --> 00:00:02,000\n{twice}\n\n2\n00:00:03,000 --> 00:00:04,000\nÂme\n", "fr")
    assert texts(reading) == ["Très bien, l’été.", "Âme"]
    assert told(reading) == {"twice_encoded": (3,)}


SBV = "0:00:01.000,0:00:02.500\nOne,\ntwo.\n\n0:00:03.000,0:00:04.000\nThree.\n"
TTML = """<?xml version="1.0"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="20">
<head><metadata><ttm:agent xml:id="a1"><ttm:name>Ann</ttm:name></ttm:agent></metadata></head>
<body><div>
<p begin="00:00:01.000" end="00:00:02.500" ttm:agent="a1">One,<br/><span>two.</span></p>
<p begin="3s" dur="1000ms">Three.</p>
<p begin="x" end="4s">lost</p>
<p begin="00:00:05:10" end="00:00:06:00">Four &amp; five.</p></div></body></tt>
"""
SAMI = """<SAMI><HEAD><STYLE><!-- P { color: white } --></STYLE></HEAD><BODY>
<SYNC Start=1000><P Class=KRCC>하나
<SYNC Start=1000><P Class=ENCC>One,<br>two.
<SYNC Start=2500><P Class=ENCC>&nbsp;
<SYNC Start=3000><P Class=ENCC>Three.</P></SYNC>
<SYNC Start=4000><P Class=ENCC>&nbsp;</BODY></SAMI>"""
TWO = [(1.0, 2.5, "One,\ntwo."), (3.0, 4.0, "Three.")]
WHISPER = {"segments": [{"start": 1.0, "end": 2.5, "text": " One,\ntwo."}, {"start": 3, "end": 4, "text": "Three."}]}
WHISPER_CPP = {
    "transcription": [
        {"offsets": {"from": 1000, "to": 2500}, "text": " One,\ntwo."},
        {"offsets": {"from": 3000, "to": 4000}, "text": "Three."},
    ]
}
YOUTUBE = {
    "events": [
        {"tStartMs": 1000, "dDurationMs": 1500, "segs": [{"utf8": "One,"}, {"utf8": "\ntwo."}]},
        {"tStartMs": 3000, "dDurationMs": 1000, "segs": [{"utf8": "Three."}]},
    ]
}


@pytest.mark.parametrize(
    ("text", "format_", "cues"),
    [
        (SBV, "srt", TWO),
        (TTML, "ttml", [*TWO, (5.5, 6.0, "Four & five.")]),
        (SAMI, "sami", TWO),
        ("{1}{1}10\n{10}{25}{y:i}One,|two.\n{30}{40}Three.\n", "microdvd", TWO),
        ("[10][25]/One,|/two.\n[30][40]Three.\n", "mpl2", TWO),
        ("[ti:Song]\n[offset:+500]\n[00:01.50]One\n[00:03.00]\n[00:03.50][00:09.00]Two\n", "lrc", None),
        ("start\tend\ttext\n1000\t2500\tOne, two.\n3000\t4000\tThree.\n", "tsv", [(1.0, 2.5, "One, two."), TWO[1]]),
        (json.dumps(WHISPER), "json", TWO),
        (json.dumps(WHISPER["segments"]), "json", TWO),
        (json.dumps(WHISPER_CPP), "json", TWO),
        (json.dumps(YOUTUBE), "json", TWO),
    ],
)
def test_other_formats(text: str, format_: str, cues: list[tuple[float, float, str]] | None) -> None:
    """They are read like the three that LocalClip writes."""
    reading = read(text)
    expected = cues or [(1.0, 2.5, "One"), (3.0, 4.5, "Two"), (8.5, 10.0, "Two")]
    assert [(cue.start_s, cue.end_s, cue.text) for cue in reading.cues] == expected
    assert reading.format == format_


@pytest.mark.parametrize(
    ("text", "end_s"),
    [
        ("[00:01.00]We want to visit\n[00:04.50]Good idea\n", 7.5),
        ("[00:04.50]A sentence that takes longer than seven seconds to say\n", 11.5),
        ("<SAMI><BODY><SYNC Start=4500><P Class=ENCC>Good idea</BODY></SAMI>", 7.5),
    ],
)
def test_a_cue_without_an_end_ends_when_its_text_is_said(text: str, end_s: float) -> None:
    """Else it would hide what others say after it: nothing under a cue counts as lost, and none of it is heard."""
    assert read(text).cues[-1].end_s == end_s


def test_what_is_told_of_other_formats() -> None:
    """Bad rows, languages of the same file, frames without a rate; the agent of TTML speaks."""
    assert told(read(TTML)) == {"unreadable": (7,)}
    assert read(TTML).cues[0].speaker == "Ann"
    assert told(read(SAMI)) == {"other_language": (2,)}
    assert texts(read(SAMI, "ko")) == ["하나"]
    assert told(read("{25}{50}Hi.\n")) == {"frames": (1,)}
    (cue,) = read_subtitles(b"{24}{48}Hi.\n", "en", 24.0).cues
    assert (cue.start_s, cue.end_s) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<!DOCTYPE html><html><body>log in 00:00:01,000 --> </body></html>", "a web page"),
        (b"PK\x03\x04....", "ZIP"),
        (b"\x00\x00\x01\xba....", "VobSub"),
        (b"1\n00:00:xx,000 --> 00:00:02,000\nHi.\n", "row 2: the times cannot be read: 00:00:xx"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", "times, but no text"),
        (b"We want to visit the mountains.\n", "no cue with times"),
        (b'{"segments": [', "row 1: this is no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, reason: str) -> None:
    """A refusal says what the file is, or in which row it fails."""
    assert reason in refusal(data)


def test_as_many_cues_again_are_as_much_work_again() -> None:
    """Counted in lines of our code that run: rows are compared, decoded and cleaned, none of them with all others."""
    one, two, four = (_lines_run(partial(read_subtitles, _file(cues), "fr")) for cues in (1000, 2000, 4000))
    assert four - two < 1.1 * 2 * (two - one)


def test_five_megabytes_are_read() -> None:
    """Every cue, in the encoding the file has."""
    data = _file(30_000)
    assert len(data) > 5_000_000
    cues = read_subtitles(data, "fr").cues
    assert (len(cues), cues[-1].text.split(",")[0]) == (30_000, "Té & café 29999")


def _file(cues: int) -> bytes:
    """Every cue with what has to be cleaned and decoded."""
    times = "{0}\n{1:02}:{2:02}:{3:02},000 --> {1:02}:{2:02}:{3:02},900\n"
    said = "and so on for a while, as people do in the evening, until it is late and all of them have gone home"
    text = f"<i>Té &amp; café</i> {{0}}, {said} again.\n\n"
    rows = ((times + text).format(n, n // 3600, n // 60 % 60, n % 60) for n in range(cues))
    return "".join(rows).encode("cp1252")


def _lines_run(work: Callable[[], object]) -> int:
    """How many lines of the module that reads run, each as often as it does."""
    count, before = 0, sys.gettrace()

    def line(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return line

    def called(frame: FrameType, _: str, __: object) -> Any:
        return line if "_reading" in frame.f_code.co_filename else None

    sys.settrace(called)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
