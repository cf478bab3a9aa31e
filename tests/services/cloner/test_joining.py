"""Very short lines are spoken together and cut again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from services.cloner.audio import TAKE_RATE_HZ, trim
from services.cloner.dubbing import Dubbing
from services.cloner.engines import Audio, Speech, Synthesizer, Voice
from services.cloner.joining import cut, is_short, join, runs
from shared.messaging import CloneLines, JobContext, LineToSpeak
from shared.storage import DirectoryStore

Line = Callable[..., LineToSpeak]
Job = Callable[..., CloneLines]


def beeps(*lengths_s: float, pause_s: float = 0.3) -> Audio:
    parts: list[Audio] = []
    for length_s in lengths_s:
        tone = 0.3 * np.sin(np.arange(round(length_s * TAKE_RATE_HZ)) / 30)
        parts += [tone.astype(np.float32), np.zeros(round(pause_s * TAKE_RATE_HZ), np.float32)]
    return np.concatenate(parts[:-1])


def test_short_lines_in_close_order_are_one_turn(line: Line) -> None:
    """Of one speaker, four at most; others speaking in between do not matter."""
    lines = [
        line("Yes.", 0.5, start_s=0.0),
        line("No!", 0.5, start_s=1.0),
        line("What?", 0.4, "S2", start_s=1.2),
        line("A line that is long enough to be spoken alone.", 3.0, start_s=2.0),
        line("Well", 0.5, start_s=5.2),
        line("Far", 0.5, start_s=9.0),
    ]
    assert runs(lines, spaces=True) == [[0, 1]]
    assert runs([line("Yes.", 0.5, start_s=float(n)) for n in range(6)], spaces=True) == [[0, 1, 2, 3], [4, 5]]


@pytest.fixture
def line() -> Line:
    def build(text: str, slot_s: float = 0.8, speaker_id: str = "S1", start_s: float = 1.0) -> LineToSpeak:
        return LineToSpeak(
            segment_id=f"{speaker_id}-{start_s}", text=text, speaker_id=speaker_id, start_s=start_s,
            end_s=start_s + slot_s,
        )  # fmt: skip

    return build


def test_few_words_or_little_time_are_short(line: Line) -> None:
    """Characters count where a language has no spaces."""
    assert is_short(line("Oh really", 4.0), spaces=True)
    assert is_short(line("Come on over here", 0.9), spaces=True)
    assert not is_short(line("Come on over", 1.2), spaces=True)
    assert is_short(line("そうです", 2.0), spaces=False)
    assert not is_short(line("今日は友達と東京へ", 2.0), spaces=False)


def test_lines_are_joined_as_sentences() -> None:
    """Every one of them ends with a mark, because that is where a voice pauses."""
    assert join(["Yes", "No,", "Why?"], spaces=True) == "Yes. No. Why?"
    assert join(["はい", "いいえ！"], spaces=False) == "はい。いいえ！"


def test_a_cut_is_in_the_middle_of_the_pause() -> None:
    """To within a frame of ten milliseconds."""
    parts = cut(beeps(0.5, 0.8, 0.4), [5, 8, 4])
    assert parts is not None
    assert [len(part) / TAKE_RATE_HZ for part in parts] == pytest.approx([0.65, 1.1, 0.55], abs=0.02)


@pytest.mark.parametrize(
    ("audio", "weights"),
    [
        (beeps(1.0), [5, 5]),  # no pause at all
        (beeps(0.5, 0.5, pause_s=0.05), [5, 5]),  # none that is more than the closure of a consonant
        (beeps(0.5, 0.5, 0.5), [5, 10]),  # two pauses of one length: which is it?
        (beeps(0.1, 1.9), [10, 10]),  # parts far from what their texts let expect: a word went missing
        (np.zeros(100, np.float32), [1, 1]),
    ],
)
def test_a_cut_that_is_not_plain_is_not_made(audio: Audio, weights: list[int]) -> None:
    """None rather than a guess."""
    assert cut(audio, weights) is None


def test_a_turn_is_spoken_once_and_cut(
    tones: Any, line: Line, job: Job, context: JobContext, heard: Callable[[str | None], Audio], store: DirectoryStore
) -> None:
    """Each line has its own take, as long as if spoken alone; the same job again speaks nothing."""
    tones.abilities, tones.pause_s = replace(tones.abilities, joins_short_lines=True), 0.4
    shard = job(
        "en", line("Yes.", start_s=1.0), line("Never!", start_s=2.0), line("A line of many words", 3.0, start_s=3)
    )
    found = Dubbing([tones]).run(shard, context)
    assert sorted(speech.text for speech in tones.asked) == ["A line of many words", "Yes. Never!"]
    lengths = [len(heard(take.take_key)) / TAKE_RATE_HZ for take in found.lines]
    assert [take.natural_s for take in found.lines] == pytest.approx([0.4, 0.6, 2.0], abs=0.06)
    assert lengths == pytest.approx([take.duration_s or 0 for take in found.lines], abs=1e-4)
    before = list(store.list("tasks/"))
    assert Dubbing([tones]).run(shard, context) == found
    assert (len(tones.asked), list(store.list("tasks/"))) == (2, before)


def test_another_neighbour_is_another_take(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """The names of joined takes cover the whole turn; a line re-done alone is spoken alone, and the other stays."""
    tones.abilities, tones.pause_s = replace(tones.abilities, joins_short_lines=True), 0.4
    yes, never = line("Yes.", start_s=1.0), line("Never!", start_s=2.0)
    first = Dubbing([tones]).run(job("en", yes, never), context).lines
    changed = never.model_copy(update={"text": "Always!"})
    second = Dubbing([tones]).run(job("en", yes, changed), context).lines
    assert not {take.take_key for take in first} & {take.take_key for take in second}
    (alone,) = Dubbing([tones]).run(job("en", changed), context).lines
    assert tones.asked[-1].text == "Always!"
    assert alone.take_key not in {take.take_key for take in second}


def test_what_cannot_be_cut_is_spoken_line_by_line(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """And is not tried again by the same job."""
    tones.abilities = replace(tones.abilities, joins_short_lines=True)  # no pauses
    shard = job("en", line("Yes.", start_s=1.0), line("Never!", start_s=2.0))
    found = Dubbing([tones]).run(shard, context)
    assert [take.natural_s for take in found.lines] == pytest.approx([0.4, 0.6], abs=0.01)
    assert sorted(speech.text for speech in tones.asked) == ["Never!", "Yes.", "Yes. Never!"]
    Dubbing([tones]).run(shard, context)
    assert len(tones.asked) == 3


def test_engines_that_need_it_not_are_left_alone(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """Joining is an ability that an engine asks for."""
    Dubbing([tones]).run(job("en", line("Yes.", start_s=1.0), line("Never!", start_s=2.0)), context)
    assert sorted(speech.text for speech in tones.asked) == ["Never!", "Yes."]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("es", ("¡Claro!", "No sé", "¿Por qué?")),
        ("fr", ("Bien sûr", "Jamais!", "Pourquoi ?")),
        ("de", ("Nein", "Warum?")),
        ("id", ("Tidak", "Kenapa?")),
    ],
)
def test_real_speech_is_cut_where_the_words_end(
    code: str,
    texts: tuple[str, ...],
    installed: dict[str, Synthesizer],
    said: Callable[[Synthesizer, Speech], Audio],
    voice_of: Callable[[Synthesizer, str], Voice],
) -> None:
    """Every part is about as long as its text spoken alone."""
    engine = installed["espeak-ng"]
    voice = voice_of(engine, "espeak-male-1")
    whole = trim(said(engine, Speech(join(texts, spaces=True), code, voice)))
    assert whole is not None
    parts = cut(whole, [len(text) for text in texts])
    assert parts is not None
    for part, text in zip(parts, texts, strict=True):
        alone, cut_out = trim(said(engine, Speech(text, code, voice))), trim(part)
        assert alone is not None
        assert cut_out is not None
        assert len(cut_out) / len(alone) == pytest.approx(1.0, abs=0.2)
