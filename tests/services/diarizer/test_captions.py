"""What captions mean: labels, sounds, dialogue, signs, credits, capitals."""

import pytest

from services.diarizer.engines import Turn
from services.diarizer.labels import cast
from services.diarizer.lines import lines_of_words
from shared.pipeline import language
from shared.transcript import Caption, Cue, CueKind, Word, as_written, understood


def captions(*texts: str | tuple[str, CueKind], code: str = "en") -> list[Caption]:
    """What cues of two seconds mean, one after the other."""
    cues = []
    for number, one in enumerate(texts):
        text, kind = (one, CueKind.SPEECH) if isinstance(one, str) else one
        cues.append(Cue(start_s=2 * number, end_s=2 * number + 2, text=text, kind=kind))
    return understood(cues, language(code))


PLAIN = ("We go home.", "It is late.", "Take the bus.", "Fine.")


def middle(text: str, code: str = "en") -> list[tuple[str, str, list[str]]]:
    """Text, speaker and decisions of what one cue among plain ones means."""
    found = captions(*PLAIN, text, *PLAIN, code=code)[len(PLAIN) : -len(PLAIN)]
    return [(one.cue.text, one.speaker, [str(kind) for kind in one.decisions]) for one in found]


@pytest.mark.parametrize(
    ("text", "said", "speaker"),
    [
        ("ANNA: Where is it?", "Where is it?", "Anna"),
        ("ANNA:\nWhere is it?", "Where is it?", "Anna"),
        ("ANNA (ON PHONE): Where is it?", "Where is it?", "Anna"),
        ("MAN 2: Where is it?", "Where is it?", "Man 2"),
        ("[ANNA] Where is it?", "Where is it?", "Anna"),
        ("(Anna) Where is it?", "Where is it?", "Anna"),
        (">> ANNA: Where is it?", "Where is it?", "Anna"),
    ],
)
def test_a_label_is_who_says_it(text: str, said: str, speaker: str) -> None:
    """It is not said itself."""
    assert middle(text) == [(said, speaker, ["label"])]


def test_labels_in_small_letters_come_again() -> None:
    """One that stands once is the beginning of a sentence."""
    assert middle("Listen: it rains.") == [("Listen: it rains.", "", [])]
    found = captions("Tom: Hello.", "Eva: Hi.", "Tom: Well: yes.", "Eva: No.", "Tom: So.", "Eva: Bye.")
    assert [(one.speaker, one.cue.text) for one in found[:3]] == [
        ("Tom", "Hello."),
        ("Eva", "Hi."),
        ("Tom", "Well: yes."),
    ]
    assert middle("（田中）そうです。", "ja") == [("そうです。", "田中", ["label"])]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("(laughs)", "sound"),
        ("[PHONE RINGING]", "sound"),
        ("*coughs*", "sound"),
        ("（笑い声）", "sound"),
        ("♪♪", "music"),
        ("♪ Over the hills ♪", "music"),
        ("♪ Over the hills\nand far away ♪", "music"),
        ("# Over the hills #", "music"),
        ("—", "symbols"),
        ("...", "symbols"),
        ("…", "symbols"),
    ],
)
def test_what_is_no_speech_is_omitted_as_it_stands(text: str, kind: str) -> None:
    """It keeps its text, for subtitles that tell of it."""
    assert middle(text) == [(" ".join(text.split()), "", [kind])]
    (one,) = captions(*PLAIN, text, *PLAIN)[len(PLAIN) : -len(PLAIN)]
    assert not one.is_spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(sighs) Come in.", "Come in."),
        ("Come in. [door creaks]", "Come in."),
        ("*coughs* Come in.", "Come in."),
        ("Come in.\n(PHONE RINGS)", "Come in."),
        ("♪ la la ♪\nCome in.", "Come in."),
        ("I came (by bus) today.", "I came (by bus) today."),
        ("He got 10 - 5.", "He got 10 - 5."),
        ("12", "12"),
    ],
)
def test_descriptions_beside_speech_are_not_said(text: str, said: str) -> None:
    """What stands in brackets in the middle of a sentence is."""
    assert middle(text) == [(said, "", ["description"] if said != text else [])]


@pytest.mark.parametrize(
    "text", ["- Where are we going?\n- To town.", "-Where are we going?\n-To town.", "- Where are we going? - To town."]
)
def test_two_dashes_are_two_people(text: str) -> None:
    """Two lines that share the time by their lengths; each can be seen as it was written."""
    first, second = captions(*PLAIN, text, *PLAIN)[len(PLAIN) : -len(PLAIN)]
    assert (first.cue.text, second.cue.text) == ("Where are we going?", "To town.")
    assert (first.apart, second.apart) == (False, True)
    assert (first.cue.start_s, second.cue.end_s) == (8.0, 10.0)
    assert first.cue.end_s == second.cue.start_s == pytest.approx(9.407)
    assert [str(kind) for kind in (*first.decisions, *second.decisions)] == ["dialogue", "dialogue"]


def test_signs_songs_and_credits_are_not_dubbed() -> None:
    """The file says what a sign is; credits stand at its ends, as nothing else that looks like them."""
    found = captions(
        "Subtitles by Ann Lee", ("HOTEL", CueKind.SIGN), ("La la", CueKind.SONG), *PLAIN, "Translated by me, he said.",
        *PLAIN, "Subtítulos: Equipo Norte",
    )  # fmt: skip
    assert {one.cue.text: str(one.decisions[0]) for one in found if one.decisions} == {
        "Subtitles by Ann Lee": "credit",
        "HOTEL": "sign",
        "La la": "music",
        "Subtítulos: Equipo Norte": "credit",
    }


def test_a_file_in_capitals_becomes_sentences() -> None:
    """Names it labels and acronyms keep theirs; a sentence that goes on begins small."""
    found = captions("ANNA: I SAW TOM", "ON TV. IT'S FINE.", "TOM: ANNA, I'M HERE!", "ANNA: OK.", "TOM: GO.")
    assert [one.cue.text for one in found] == ["I saw Tom", "on TV. It's fine.", "Anna, I'm here!", "OK.", "Go."]
    assert found[1].written == "ON TV. IT'S FINE."
    assert middle("STOP THAT NOW!") == [("Stop that now!", "", ["capitals"])]
    assert middle("NASA") == [("NASA", "", [])]


def test_captions_as_they_stand() -> None:
    """Nothing is decided."""
    cues = [Cue(start_s=0, end_s=2, text="ANNA: (laughs)\nHI.")]
    (one,) = as_written(cues, language("en"))
    assert (one.cue.text, one.speaker, one.decisions, one.written) == ("ANNA: (laughs) HI.", "", (), None)


def test_labels_choose_the_speaker() -> None:
    """Each label is the voice heard where it stands; one that no voice is left for is a speaker of its own."""
    turns = [Turn(0, 2, 0), Turn(2, 4, 1), Turn(4, 8, 0)]
    found = cast(captions("ANNA: One.", "TOM: Two.", "EVE: Three.", "Four."), turns)
    assert found.speakers == (0, 1, 2, 0)
    assert found.names == {0: "Anna", 1: "Tom", 2: "Eve"}
    assert found.turns == (Turn(0, 2, 0), Turn(2, 4, 1), Turn(4, 6, 2), Turn(6, 8, 0))


def test_a_dialogue_has_two_speakers() -> None:
    """Also where one voice only was heard."""
    found = cast(captions("- Where?\n- There.", "So."), [Turn(0, 4, 0)])
    assert found.speakers == (0, 1, 0)
    assert cast(captions("- Where?\n- There.", "So."), [Turn(0, 2, 0), Turn(2, 4, 1)]).speakers == (0, 1, 1)


@pytest.mark.parametrize(
    ("words", "text", "decisions", "start_s"),
    [
        ("[Music]", "[Music]", ["sound"], 0.0),
        ("♪ Over the hills ♪", "♪ Over the hills ♪", ["music"], 0.0),
        ("[crowd cheering] Good morning.", "Good morning.", ["description"], 2.0),
        ("ANNA: Good morning.", "ANNA: Good morning.", [], 0.0),
    ],
)
def test_a_recognizer_names_sounds_but_nobody(words: str, text: str, decisions: list[str], start_s: float) -> None:
    """What it writes of sounds and music is not said, and a line begins with its first word."""
    heard = [
        Word(text=one, start_s=float(number), end_s=number + 1.0, confidence=1.0)
        for number, one in enumerate(words.split())
    ]
    turns = [Turn(0.0, 10.0, 0)]
    (line,) = lines_of_words(heard, turns, language("en"), punctuated=True)
    assert (line.text, [str(one) for one in line.decisions], line.start_s) == (text, decisions, start_s)
    assert line.written == (words if decisions else None)
    (line,) = lines_of_words(heard, turns, language("en"), punctuated=True, as_they_stand=True)
    assert (line.text, line.decisions) == (words, ())


def test_a_hyphen_inside_a_word_is_no_dash() -> None:
    """Only one at the beginning of a row says that somebody speaks."""
    assert [text for text, _, _ in middle("A well-known man\n- Who?")] == ["A well-known man", "Who?"]
