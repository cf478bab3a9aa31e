"""The use case: a shard of lines in, fitted takes out."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.cloner.audio import TAKE_RATE_HZ, loudness
from services.cloner.dubbing import Dubbing
from services.cloner.engines import Audio
from services.cloner.handlers import clone_lines
from shared.messaging import JobContext, LinesDubbed, LineToSpeak, Pronunciation, SpeakerVoice
from shared.pipeline import TARGET_LANGUAGES, Canceled, ErrorCode, FitLimits, PermanentError
from shared.storage import DirectoryStore, put_bytes
from tests.services.cloner.conftest import ToneEngine

Line = Callable[..., LineToSpeak]
Job = Callable[..., Any]
Heard = Callable[[str | None], Audio]
VOICES = (SpeakerVoice(speaker_id="S1", f0_hz=110.0), SpeakerVoice(speaker_id="S2", f0_hz=205.0))


@pytest.mark.parametrize("code", TARGET_LANGUAGES)
def test_every_language_speaks_in_the_pitch_of_its_speakers(
    code: str,
    installed: dict[str, Any],
    sentences: dict[str, str],
    line: Line,
    job: Job,
    context: JobContext,
    heard: Heard,
    median_f0: Callable[[Audio], float],
) -> None:
    """Takes have the announced length, one loudness, no clipping, no silence around them, the speaker's median F0."""
    lines = (line(sentences[code]), line(sentences[code], speaker_id="S2"))
    found = Dubbing(list(installed.values())).run(job(code, *lines, speakers=VOICES), context)
    for take, voice in zip(found.lines, VOICES, strict=True):
        audio = heard(take.take_key)
        assert len(audio) == round((take.duration_s or 0) * TAKE_RATE_HZ)
        assert 2.0 < (take.natural_s or 0) < 6.0
        assert loudness(audio) == pytest.approx(-23.0, abs=0.3)
        assert np.abs(audio).max() <= 0.9
        assert np.abs(audio[:2400]).max() > 0.003
        assert 12 * abs(np.log2(median_f0(audio) / (voice.f0_hz or 0))) < 1.5
    assert [engine.name for engine in found.engines] == [{"en": "flite", "ja": "open-jtalk"}.get(code, "espeak-ng")]


def test_two_speakers_of_one_pitch_are_told_apart(
    installed: dict[str, Any], sentences: dict[str, str], line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """Their long-term spectra differ by 2 dB or more, which is plainly another timbre."""
    twins = (SpeakerVoice(speaker_id="S1", f0_hz=110.0), SpeakerVoice(speaker_id="S2", f0_hz=111.0))
    for code in ("en", "es"):
        lines = (line(sentences[code]), line(sentences[code], speaker_id="S2"))
        found = Dubbing(list(installed.values())).run(job(code, *lines, speakers=twins), context)
        first, second = (_spectrum_db(heard(take.take_key)) for take in found.lines)
        assert np.sqrt(np.mean((first - second) ** 2)) > 2.0


def _spectrum_db(audio: Audio) -> "np.typing.NDArray[np.float64]":
    frames = np.lib.stride_tricks.sliding_window_view(audio, 2048)[::512] * np.hanning(2048)
    power = np.square(np.abs(np.fft.rfft(frames))).mean(axis=0)
    edges = np.geomspace(4, 300, 22).astype(int)  # 100 Hz to 7 kHz
    bands = np.array([power[low:high].mean() for low, high in pairwise(edges) if high > low])
    level: np.typing.NDArray[np.float64] = 10 * np.log10(bands)
    return level - level.mean()


def test_lines_are_fitted_to_their_slots(
    counted: dict[str, Any], sentences: dict[str, str], line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """Placed at the segment's start, exact to the sample, within slot and gap where the fit says so."""
    for code in ("en", "es"):
        text = sentences[code]
        slots = (9.0, 4.0, 3.2, 2.9, 2.5, 2.0)
        lines = [line(text, slot_s, gap_s=0.25, start_s=1 + 10.0 * n) for n, slot_s in enumerate(slots)]
        found = Dubbing(list(counted.values())).run(job(code, *lines, speakers=VOICES), context).lines
        for asked, take in zip(lines, found, strict=True):
            assert len(heard(take.take_key)) == round((take.duration_s or 0) * TAKE_RATE_HZ)
            assert take.start_s == asked.start_s
            assert take.speed == pytest.approx((take.natural_s or 0) / (take.duration_s or 1))
            assert 0.9 - 1e-3 <= (take.speed or 0) <= 1.5 + 1e-3
            room_s = asked.end_s - asked.start_s + asked.gap_s - FitLimits().guard_s
            if take.fit != "overflow":
                assert (take.duration_s or 0) <= room_s + 1e-9
            assert loudness(heard(take.take_key)) == pytest.approx(-23.0, abs=0.3)
        assert {take.fit for take in found} == {"natural", "tight", "overflow"}
        assert found[-1].speed == pytest.approx(1.5, abs=1e-3)
        assert "shorter translation" in (found[-1].decision or "")
    for name in ("flite", "espeak-ng"):  # the engines' own tempo
        assert any(speech.rate > 1.2 for speech in counted[name].asked)


def test_a_fast_line_is_all_there(
    installed: dict[str, Any], sentences: dict[str, str], line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """Its last syllable is not cut off: the end is as loud as that of the natural take."""
    dubbing = Dubbing(list(installed.values()))
    (first,) = dubbing.run(job("es", line(sentences["es"]), speakers=VOICES), context).lines
    lines = (line(sentences["es"], first.natural_s), line(sentences["es"], 2.5))
    natural, fast = dubbing.run(job("es", *lines, speakers=VOICES), context).lines
    assert natural.speed == 1.0
    ends = [np.square(heard(take.take_key)[-12_000:]).mean() for take in (natural, fast)]
    assert 10 * abs(np.log10(ends[0] / ends[1])) < 6.0


def test_a_repeated_job_synthesizes_nothing(
    counted: dict[str, Any], sentences: dict[str, str], line: Line, job: Job, context: JobContext, store: DirectoryStore
) -> None:
    """Takes are found by what they are made of; the result is the same; nothing is written."""
    lines = [line(sentences["es"], slot_s, revision=slot_s == 3.0) for slot_s in (9.0, 3.0, 2.0)]
    shard = job("es", *lines, speakers=VOICES)
    first = Dubbing(list(counted.values())).run(shard, context)
    asked = sum(len(engine.asked) for engine in counted.values())
    before = list(store.list("tasks/"))
    assert Dubbing(list(counted.values())).run(shard, context) == first
    assert sum(len(engine.asked) for engine in counted.values()) == asked > 0
    assert list(store.list("tasks/")) == before


def test_a_moved_slot_is_fitted_anew_from_the_same_speech(
    counted: dict[str, Any], sentences: dict[str, str], line: Line, job: Job, context: JobContext
) -> None:
    """Only what has to be spoken at another tempo is spoken."""
    dubbing, engine = Dubbing(list(counted.values())), counted["espeak-ng"]
    (loose,) = dubbing.run(job("es", line(sentences["es"], 9.0)), context).lines
    asked = len(engine.asked)
    (natural,) = dubbing.run(job("es", line(sentences["es"], loose.natural_s + 0.1)), context).lines
    assert (natural.speed, natural.natural_s, len(engine.asked)) == (1.0, loose.natural_s, asked)
    (faster,) = dubbing.run(job("es", line(sentences["es"], 3.0)), context).lines
    assert (faster.natural_s, faster.duration_s) == (loose.natural_s, 3.0)
    assert all(speech.rate > 1.1 for speech in engine.asked[asked:])


def test_the_same_text_and_voice_is_spoken_once(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """Two lines may share a take."""
    found = Dubbing([tones]).run(job("en", line("Yes!"), line("Yes!")), context).lines
    assert (len(tones.asked), len({take.take_key for take in found})) == (1, 1)


def test_a_slot_shorter_by_less_than_a_sample_has_its_take(
    tones: Any, line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """As rounding makes it: what is announced is in the store, and nothing had to be made for it."""
    (spoken,) = Dubbing([tones]).run(job("en", line("x" * 30, 9.0)), context).lines
    (take,) = Dubbing([tones]).run(job("en", line("x" * 30, (spoken.natural_s or 0) - 1e-12)), context).lines
    assert len(heard(take.take_key)) == round((take.duration_s or 0) * TAKE_RATE_HZ)


def test_an_engine_without_tempo_is_stretched(
    tones: Any, line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """By ffmpeg, to the sample."""
    (take,) = Dubbing([tones]).run(job("en", line("x" * 30, 2.345)), context).lines
    assert (take.fit, len(tones.asked)) == ("tight", 1)
    assert len(heard(take.take_key)) == int(2.345 * TAKE_RATE_HZ)


def test_a_line_that_fails_is_reported_and_the_others_go_on(
    tones: Any, line: Line, job: Job, context: JobContext
) -> None:
    """With a code, a reason and its revision; never as silence."""
    texts = ("one", "boom", "[laughs]", "mute", "x" * 201, "six")
    lines = [line(text, revision=n) for n, text in enumerate(texts)]
    found = Dubbing([tones]).run(job("en", *lines), context).lines
    assert [take.segment_id for take in found] == [asked.segment_id for asked in lines]
    assert [take.revision for take in found] == list(range(6))
    assert [take.error_code for take in found] == [None, *[ErrorCode.ENGINE_FAILED] * 4, None]
    assert [take.take_key is None for take in found] == [False, True, True, True, True, False]
    reasons = [take.error_message or "" for take in found]
    assert "402 tokens" in reasons[1]
    assert "nothing to say in this line: '[laughs]'" in reasons[2]
    assert "nothing audible" in reasons[3]
    assert "at most 200" in reasons[4]


def test_a_line_may_begin_before_its_slot(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """Where it would overflow otherwise, in the silence it is given."""
    (take,) = Dubbing([tones]).run(job("en", line("x" * 30, 2.1, start_s=5.0, lead_s=0.3)), context).lines
    assert (take.fit, take.duration_s) == ("tight", pytest.approx(3.0 / 1.35, abs=0.1))
    assert take.start_s == pytest.approx(5.0 - (take.duration_s or 0) + 2.1, abs=0.001)


def test_words_are_spoken_as_asked(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """The written text stays what it is; the take is another one."""
    written = job("en", line("Ask SQL now"))
    spoken = written.model_copy(update={"pronunciations": (Pronunciation(written="sql", spoken="sequel"),)})
    plain, changed = (Dubbing([tones]).run(shard, context).lines[0] for shard in (written, spoken))
    assert [speech.text for speech in tones.asked] == ["Ask SQL now", "Ask sequel now"]
    assert plain.take_key != changed.take_key


def test_an_unknown_stock_voice_fails_the_lines_of_its_speaker(
    tones: Any, line: Line, job: Job, context: JobContext
) -> None:
    """The others are spoken."""
    speakers = (SpeakerVoice(speaker_id="S1", voice="tone-z"), SpeakerVoice(speaker_id="S2"))
    found = Dubbing([tones]).run(job("en", line("one"), line("two", speaker_id="S2"), speakers=speakers), context).lines
    assert "choose one of: tone-a, tone-b" in (found[0].error_message or "")
    assert found[1].take_key is not None


def test_a_language_nobody_speaks_is_refused(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """At once, naming the language and what would help."""
    with pytest.raises(PermanentError, match=r"Korean.*installed: tone.*espeak-ng") as refused:
        Dubbing([tones]).run(job("ko", line("안녕")), context)
    assert refused.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_cancel_stops_between_lines(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """What was spoken before is kept for the next try, the rest is not begun."""
    tones.abilities = replace(tones.abilities, max_batch=1)
    tones.on_speech = lambda speech: context.cancel.cancel("enough") if speech.text == "two" else None
    shard = job("en", *(line(text) for text in ("one", "two", "three", "four")))
    with pytest.raises(Canceled):
        Dubbing([tones]).run(shard, context)
    assert [speech.text for speech in tones.asked] == ["one", "two"]


def test_progress_reaches_the_end(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """Speaking is most of it, fitting the rest."""
    Dubbing([tones]).run(job("en", line("x" * 30, 2.5), line("yes")), context)
    assert (context.progress.fraction, context.progress.message) == (1.0, "Fitted 2 of 2 lines")


def test_a_cloning_engine_is_given_the_reference_clip(
    tones: Any, line: Line, job: Job, context: JobContext, store: DirectoryStore
) -> None:
    """As a file; a speaker without one fails with a way out."""
    tones.abilities = replace(tones.abilities, clones=True, voices=())
    put_bytes(store, "tasks/t/processed/1/speakers/S1.wav", b"clip")
    speakers = (
        SpeakerVoice(speaker_id="S1", reference_key="tasks/t/processed/1/speakers/S1.wav"),
        SpeakerVoice(speaker_id="S2", reference_key="tasks/t/processed/1/speakers/S2.wav"),
    )
    found = Dubbing([tones]).run(job("en", line("one"), line("two", speaker_id="S2"), speakers=speakers), context).lines
    reference: Path = tones.asked[0].voice.reference
    assert reference.read_bytes() == b"clip"
    assert "choose a stock voice" in (found[1].error_message or "")


def test_an_engine_that_can_is_told_the_slot_and_the_rendition(
    tones: Any, line: Line, job: Job, context: JobContext
) -> None:
    """Both are part of the take's name; an engine that pays no heed to them finds the take it has."""
    first, moved = line("Good morning.", slot_s=2.04), line("Good morning.", slot_s=3.0)
    again = first.model_copy(update={"rendition": 1})
    found = Dubbing([tones]).run(job("es", first, moved, again), context)
    assert len(tones.asked) == 1
    tones.abilities = replace(tones.abilities, aims=True, varies=True)
    tones.asked.clear()
    heeding = Dubbing([tones]).run(job("es", first, moved, again), context)
    assert [(speech.target_s, speech.rendition) for speech in tones.asked] == [(2.0, 1), (3.0, 0), (2.0, 0)]
    assert len({take.take_key for take in (*found.lines[:1], *heeding.lines)}) == 4


def test_the_handler_answers_with_the_address_of_its_job(tones: Any, line: Line, job: Job, context: JobContext) -> None:
    """And the engine that spoke."""
    shard = job("en", line("one"))
    result = clone_lines(Dubbing([tones]))(shard, context)
    assert isinstance(result, LinesDubbed)
    assert result.key() == shard.key()
    assert [engine.name for engine in result.engines] == ["tone"]


def test_engines_get_the_spoken_form(line: Line, job: Job, context: JobContext) -> None:
    """After what a person says of pronunciation, which goes first."""
    engine = ToneEngine()
    entries = (Pronunciation(written="GB", spoken="gigas"),)
    lines = (line("- <i>Cuesta</i> 1.250,50 $\ny 2 GB."), line("-5 °C 😀"))
    asked = job("es", *lines).model_copy(update={"pronunciations": entries})
    Dubbing([engine]).run(asked, context)
    assert sorted(speech.text for speech in engine.asked) == [
        "Cuesta mil doscientos cincuenta dólares con cincuenta centavos y dos gigas.",
        "menos cinco grados Celsius",
    ]


def test_a_sentence_that_goes_on_is_left_open_where_the_voice_can(
    installed: dict[str, Any], line: Line, job: Job, context: JobContext, heard: Heard
) -> None:
    """eSpeak NG's pitch does not fall there; an engine without the means is not asked, and finds the take it has."""
    closed = line("Queremos visitar las montañas")
    opened = closed.model_copy(update={"segment_id": "open", "goes_on": True})
    takes = Dubbing([installed["espeak-ng"]]).run(job("es", closed, opened), context).lines
    first, second = (heard(take.take_key) for take in takes)
    assert len(first) != len(second) or not np.array_equal(first, second)
    engine = ToneEngine()
    one, other = Dubbing([engine]).run(job("es", closed, opened), context).lines
    assert one.take_key == other.take_key
