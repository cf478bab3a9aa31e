"""Which of several sounds are listened to, by the speech measured on each."""

import pytest

from services.diarizer.choice import Measured, choose
from services.diarizer.engines import Span
from shared.pipeline import ErrorCode, PermanentError
from shared.transcript import AudioTrackFacts


def track(number, speech=(), side=(), **facts):
    spans = [[Span(start, end) for start, end in found] for found in (speech, side)]
    return Measured(AudioTrackFacts(number=number, **facts), *spans)


def numbers(choice):
    return [one.facts.number for one in choice.tracks]


ALL, LATER, TRACE = [(0, 10)], [(10, 20)], [(0, 1)]


@pytest.mark.parametrize(
    ("tracks", "spoken", "expected"),
    [
        ([track(1, ALL)], None, [1]),
        ([track(1), track(2, ALL, title="Mic/Aux")], None, [2]),
        ([track(1, ALL, language="jpn"), track(2, ALL, default=True, language="eng")], None, [2]),
        ([track(1, ALL, language="jpn", default=True), track(2, ALL, language="eng")], "en", [2]),
        ([track(1, ALL, language="ger", default=True), track(2, ALL, language="fra")], "en", [1]),
        ([track(1, [(0, 2)], default=True, language="eng"), track(2, ALL, language="deu")], None, [1]),
        ([track(1, TRACE, default=True), track(2, ALL)], None, [2]),
        ([track(1, TRACE), track(2, ALL, aside="commentary")], None, [1]),
        ([track(1, ALL), track(2, LATER)], None, [1, 2]),
        ([track(1, ALL, language="eng"), track(2, LATER, language="deu")], None, [1]),
        ([track(1, ALL), track(2, LATER, aside="commentary")], None, [1]),
        ([track(1, [(0, 20)]), track(2, ALL), track(3, LATER)], None, [1]),
        ([track(1, ALL), track(2, [(6, 14)])], None, [1, 2]),
        ([track(1, ALL), track(2, [(4, 11)])], None, [1]),
    ],
    ids=[
        "the only one",
        "desktop and microphone",
        "default",
        "language asked for",
        "default where the language is not there",
        "a fifth is enough",
        "under a fifth",
        "commentary does not win",
        "two microphones",
        "another language says the same",
        "commentary does not join",
        "the first one is the mix of the others",
        "half of it is its own",
        "a little of it is its own",
    ],
)
def test_choice(tracks, spoken, expected):
    """The rules, one by one."""
    assert numbers(choose(tracks, spoken)) == expected


def test_a_person_decides():
    """Whatever was measured; a track that is not there is refused with a way out."""
    tracks = [track(1, ALL), track(2), track(3, LATER, aside="commentary")]
    assert numbers(choose(tracks, None, "2")) == [2]
    assert numbers(choose(tracks, None, "3+1")) == [1, 3]
    with pytest.raises(PermanentError, match=r"track 4.*only 3.*leave it out") as refused:
        choose(tracks, None, "4")
    assert refused.value.code is ErrorCode.MEDIA_UNSUPPORTED


@pytest.mark.parametrize(
    ("mid", "side", "parts"),
    [
        (ALL, [], ("mid",)),
        (ALL, ALL, ("mid",)),
        ([], ALL, ("side",)),
        (TRACE, ALL, ("side",)),
        (ALL, LATER, ("mid", "side")),
    ],
    ids=["mono", "wide", "out of phase", "nearly out of phase", "one of two speakers out of phase"],
)
def test_channels(mid, side, parts):
    """What cancels in mono is listened to as well."""
    assert track(1, mid, side).parts == parts


def test_notes_name_every_track_with_speech():
    """Nothing that was said stays unmentioned, and a file with one track needs no note."""
    assert choose([track(1, ALL)], None).note is None
    desktop, mic = track(1, title="Desktop audio"), track(2, ALL, title="Mic/Aux")
    assert choose([desktop, mic], None).note == (
        "Listened to audio track 2 (Mic/Aux). Track 1 (Desktop audio) has no speech."
    )
    dubbed = [track(1, ALL, language="eng"), track(2, ALL, language="deu"), track(3, LATER, aside="commentary")]
    assert choose(dubbed, None).note == (
        "Listened to audio track 1 (English). Track 2 (German) has 10 s of speech, too. "
        "Track 3 has 10 s of speech and is marked as commentary. Set audio_track to listen to another."
    )
    assert choose([track(1, ALL), track(2, LATER)], None).note == (
        "Listened to audio track 1 and track 2, together: each has speech of its own."
    )


def test_only_commentary():
    """It is not dubbed by itself, and nobody says that there is no speech."""
    choice = choose([track(1), track(2, ALL, aside="commentary")], None)
    assert (numbers(choice), choice.note) == (
        [1],
        "Speech was found only on audio track 2 (commentary): set audio_track to dub it.",
    )
