"""Resolving the choice of voices."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.pipeline.units import Span
from services.gateway.script.voices import Choice, Clip, Person, basis, basis_of, roles, speaks_for, with_needed
from shared.messaging import CloneLines, LineToSpeak, SpeakerVoice

NAMES = ["a", "b", "c", "d"]


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)))
def test_a_chain_of_speakers_ends(choices: dict[str, str]) -> None:
    """With one who has a voice of their own, or where a circle began."""
    people = {
        name: Person(name, choice=Choice("speaker", choices[name]) if name in choices else None) for name in NAMES
    }
    for name in NAMES:
        end = speaks_for(name, people)
        assert end == name or end not in choices


def test_a_clip_that_is_gone_is_asked_for_by_name() -> None:
    """So that the voice engine refuses it in words, instead of another voice being heard."""
    found = roles([Person("a", 110.0, "ref", Choice("clip", "c9"))], [], {}, {})
    assert found.voices["a"] == SpeakerVoice(speaker_id="a", f0_hz=110.0, reference_key="ref", voice="c9")


def test_voices_of_single_lines_travel_with_their_lines_only() -> None:
    """All speakers go with every job, so that every job casts alike."""
    spans = [Span(f"s{n}", n, n + 1, "a", "x") for n in range(3)]
    found = roles([Person("a"), Person("b")], spans, {"s1": Choice("clip", "c")}, {"c": Clip("key", 99.0)})
    assert dict(found.of_lines) == {"s0": "a", "s1": "line-s1", "s2": "a"}

    def names(segment_id: str) -> set[str]:
        line = LineToSpeak(segment_id=segment_id, text="x", speaker_id=found.of_lines[segment_id], start_s=0, end_s=1)
        job = CloneLines(task_id="t", language="es", attempt=1, lines=(line,), speakers=tuple(found.voices.values()))
        return {voice.speaker_id for voice in with_needed(job).speakers}

    assert (names("s0"), names("s1")) == ({"a", "b"}, {"a", "b", "line-s1"})


def test_the_basis_tells_what_is_heard_apart() -> None:
    """Text, voice, slot; not where in the video it is, nor how the text is spaced."""
    voice = SpeakerVoice(speaker_id="a", f0_hz=110.0)
    one = basis("hola  mundo", 2.0, voice)
    assert one == basis("hola mundo ", 2.0, voice)
    others = [
        basis("hola", 2.0, voice),
        basis("hola mundo", 2.1, voice),
        basis("hola mundo", 2.0, voice.model_copy(update={"voice": "x"})),
    ]
    assert len({one, *others}) == 4
    line = LineToSpeak(segment_id="s", text="hola mundo", speaker_id="a", start_s=30.1, end_s=32.1)
    job = CloneLines(task_id="t", language="es", attempt=1, lines=(line,), speakers=(voice,))
    assert basis_of(job, line) == one
