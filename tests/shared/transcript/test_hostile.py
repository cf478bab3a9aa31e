"""Small subtitle files that stand for a lot of work: read in the time and memory of other files, or refused."""

import contextlib
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from shared.pipeline import PermanentError
from shared.transcript import TooManyCues, read_subtitles
from shared.transcript._reading import _markup
from shared.transcript._reading._plain import plain

ROOT = Path(__file__).parents[3]
SIZE = 500_000
TIMES = "00:00:01,000 --> 00:00:02,000"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\n"
ASS = "[Script Info]\n[Events]\n"
DIALOGUE = "Dialogue: 0,0:00:01.00,0:00:02.00,A,,0,0,0,,"
TEXT = ["a", "é", "Ã©", "日", ". ", "!", " ", "\n", " \n", "c?e", "<", "<b>", "</b>", "<c.", "<rt>", "<br>"]
TEXT += ["&", "&lt;", "{", "{\\", "\\N", "\u200b", "\0"]
ROW = [" ", "1", "1 ", ":", "-", "--> ", "line:", "line: ", "X1:", "00:00:01 ", f"{TIMES} "]
ROWS = ["1\n", "1\n\n", "0:0:0,0 -> x\n", f"{TIMES}\n", f"{TIMES}\na\n", "NOTE\n\n", "STYLE\n"]
TAGS = ["<p>", "</p>", "<sync start=1>", "</sync>", "<i>", "<br>", "<div begin='1s'>", "<tt>", "<p "]
TAGS += [f"<p {'a' * 1990}>", '<p a="', "a='", "a=", "<!--", "<agent id=a>b"]
TOKENS = [
    (f"1\n{TIMES}\n", [*TEXT, *ROWS]),
    (f"1\n{TIMES} ", ROW),
    (f"1\n{TIMES}\nhi\n\n1", ROW),
    (f"1\n{TIMES}\nhi\n\n00:00:01", ROW),
    ("WEBVTT\n\n", [*ROWS, "a\n"]),
    (VTT, ["<v ", "<v.a", "<v a>", "<v a>b", "<00:01", "&#9", *ROWS]),
    (f"{VTT}<v", [" ", "\n", ".", "a", ".a "]),
    (ASS, ["Comment: a\n", "Format: start,", f"{DIALOGUE}\n", f"{DIALOGUE}a\n", "Dialogue: "]),
    (f"{ASS}Format: ", ["start,", ",", " "]),
    (f"{ASS}{DIALOGUE}", ["{\\p1}", "{\\pos", "\\{", "\\p", "{", ",", "\\an"]),
    (f"{ASS}Dialogue: 0,", [" ", "0:", "1", ","]),
    ("<sami><sync start=1>x", TAGS),
    ("<sami><sync start=1><p class=a>x", TAGS),
    ("<tt><body><p begin='1s' end='2s'>x", TAGS),
    ("{1}{2}a\n{3}{4}", ["|", "{y:", "{", " ", "\n{1}{2}a"]),
    ("[1][2]a\n[3][4]", ["|/", "[", " ", "\n[1][2]a"]),
    ("[00:01]a\n", ["[a:", "[ab:]", "[00:02]", "[00:02] ", "[00:02]\n", "[offset:", "]", " ", "<00:01>"]),
    ("start\tend\ttext\n1\t2\t", ["\t", "a", "\n1\t2\ta", "\n1"]),
    ('{"segments":[', ["["]),
]
"""The beginning of a file, and what may follow it."""
JSON = [
    ('{"segments":[', ["[],", "1,", f"{'9' * 4000},", f"0.{'1' * 4000},", '{"start":1,"end":2,"text":"a"},'], "1]}"),
    ('{"segments":[{"start":1,"end":2,"text":"', ["\\ud800", "\\u0000", "\\n", "<"], '"}]}'),
    ('{"events":[{"tStartMs":1,"segs":[', ['{"utf8":"a"},', f'{{"utf8":{"[" * 900}{"]" * 900}}},'], "1]}"),
]
"""With the end, without which nothing of it is read."""


def hostile() -> Iterator[str]:
    """Half a megabyte of each token, in a row that ends as no row of its kind does; then what took hours."""
    for head, tokens, tail in [*((head, tokens, " x\n") for head, tokens in TOKENS), *JSON]:
        for token in tokens:
            yield head + token * (SIZE // len(token)) + tail
    text = "a " * SIZE
    yield f"<sami><sync start=1>{text}" + "</p>" * 390_000  # as many tags as are read
    yield "[00:01]" * 10_000 + "<b>" + text
    yield f"1\n{TIMES}\n{'a' * 10 * SIZE}"


def test_no_token_of_a_format_stops_the_reader() -> None:
    """Patterns that look ahead from each place, or try all ways to divide a row, took hours and held the process."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, __file__], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


@pytest.mark.parametrize("rest", ["", " line:0 align:middle", "line:0align:middle", " X1:0 Y2:1", "\tLINE:\u00a0size:"])
def test_settings_beside_the_times_are_no_text(rest: str) -> None:
    """However they are set apart."""
    reading = read_subtitles(f"1\n{TIMES}{rest}\nHi.\n".encode())
    assert ([cue.text for cue in reading.cues], reading.remarks) == (["Hi."], ())


@pytest.mark.parametrize("rest", [" line:0 x", " Hello: you", " Z1:0", " align: middle"])
def test_what_is_no_setting_is_text(rest: str) -> None:
    """Also where settings stand before it."""
    (cue,) = read_subtitles(f"1\n{TIMES}{rest}\nHi.\n".encode()).cues
    assert cue.text == f"{rest.strip()}\nHi."


@pytest.mark.parametrize("name", ["Ann", "   Ann", "\n Ann ", "Ann" + " " * 150])
def test_space_around_a_name_is_none_of_it(name: str) -> None:
    """Nor does the name end before it."""
    (cue,) = read_subtitles(f"{VTT}<v.loud {name}>Hi.\n".encode()).cues
    assert (cue.speaker, cue.text) == ("Ann", "Hi.")


def test_a_row_of_lyrics_with_many_times_is_held_once() -> None:
    """Each time had a copy of its own: ten thousand of a long row were 49 GB."""
    data = ("[00:01]" * 1000 + "<b>" + "a" * 100_000).encode()
    tracemalloc.start()
    try:
        with pytest.raises(TooManyCues, match="the same text too often"):
            read_subtitles(data)
        assert tracemalloc.get_traced_memory()[1] < 20 * len(data)
    finally:
        tracemalloc.stop()


def test_a_chorus_is_said_as_often_as_it_is_sung() -> None:
    """Lyrics say far more than they hold."""
    row = "We sing " * 20
    data = "".join(f"[00:{n:02}.00] " for n in range(0, 60, 2)) + row
    assert [cue.text for cue in read_subtitles(data.encode()).cues] == [row.strip()] * 30


def test_a_row_of_lyrics_with_too_many_times_is_refused() -> None:
    """Times without text are no cues."""
    assert len(read_subtitles(("[00:01]" * 60_000 + "\n[00:02]a").encode()).cues) == 1
    with pytest.raises(TooManyCues, match="30000"):
        read_subtitles(("[00:01]" * 30_001 + "a").encode())


def test_a_cue_of_too_many_voices_is_refused() -> None:
    """They are counted before they share the time of the cue."""
    with pytest.raises(TooManyCues, match="30000"):
        read_subtitles((VTT + "<v a>b" * 30_001).encode())


def test_the_text_of_sami_is_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each `</p>` that follows it."""
    joined = Mock(wraps=plain)
    monkeypatch.setattr(_markup, "plain", joined)
    (cue,) = read_subtitles(("<sami><sync start=1>Hi." + "</p>" * 1000 + "<sync start=2>").encode()).cues
    assert (cue.text, joined.call_count) == ("Hi.", 1)


@pytest.mark.parametrize("lost", ["\ud800", "\0", "\ude00\ud83d"])
def test_what_no_database_takes_is_left_out(lost: str) -> None:
    """JSON can hold NUL and halves of surrogate pairs."""
    entry = {"start": 1, "end": 2, "text": f"a{lost}b", "speaker": f"A{lost}n"}
    (cue,) = read_subtitles(json.dumps({"segments": [entry]}).encode()).cues
    assert (cue.text, cue.speaker) == ("ab", "An")


def test_what_is_no_text_in_a_part_is_left_out() -> None:
    """Lists within lists were written out, which takes the square of their depth."""
    parts = [{"utf8": "a"}, {"utf8": [[1]]}, {}, {"utf8": "b"}]
    (cue,) = read_subtitles(json.dumps({"events": [{"tStartMs": 1, "dDurationMs": 2, "segs": parts}]}).encode()).cues
    assert cue.text == "ab"


if __name__ == "__main__":
    for text in hostile():
        with contextlib.suppress(PermanentError):
            read_subtitles(text.encode(), "fr")
    print("done")
