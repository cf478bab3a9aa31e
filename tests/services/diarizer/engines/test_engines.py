"""Choosing engines, and what each embedded one hears."""

import sys
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.diarizer.diarization import require_language
from services.diarizer.engines import Span, create_engines
from services.diarizer.engines.sphinx import padded_chunks
from services.diarizer.settings import DiarizerSettings
from shared.pipeline import Canceled, ErrorCode, PermanentError

RATE_HZ = 16_000
SENTENCE = "She has been looking for a place like this for two years."


def silence(seconds):
    return np.zeros(int(seconds * RATE_HZ), np.float32)


def ignore(part):
    """A report nobody reads."""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"profile": "neural", "recognizer_model": "none"}, "'none' is neither the folder of a model nor one"),
        ({"recognizer": "magic"}, "LOCALCLIP_RECOGNIZER=pocketsphinx"),
        ({"diarizer": "magic"}, "LOCALCLIP_DIARIZER=clustering"),
        ({"voice_activity": "magic"}, "LOCALCLIP_VOICE_ACTIVITY=silero"),
        ({"embedder": "magic"}, "LOCALCLIP_EMBEDDER=ge2e"),
        ({"picture_text": "magic"}, "LOCALCLIP_PICTURE_TEXT=none"),
    ],
)
def test_an_engine_that_is_not_there_is_refused(settings, named):
    """With the setting that would work."""
    with pytest.raises(PermanentError, match=named) as refused:
        create_engines(DiarizerSettings(**settings))
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_engines_can_be_named_under_any_profile():
    """What is named for a port wins over the profile."""
    named = {"recognizer": "pocketsphinx", "diarizer": "clustering", "embedder": "ge2e", "picture_text": "none"}
    engines = create_engines(DiarizerSettings(profile="neural", **named))
    assert [info.name for info in engines.infos()] == ["pocketsphinx", "clustering", "silero-vad", "ge2e"]


@pytest.mark.parametrize("port", ["diarizer", "embedder"])
def test_a_missing_package_is_named_with_what_installs_it(tmp_path, port):
    """At the start of the worker, not at the first job, and with what works without it."""
    if find_spec("torch") is not None:
        pytest.skip("torch is installed")
    settings = DiarizerSettings(**{port: "pyannote.audio"}, diarizer_model=str(tmp_path))
    with pytest.raises(PermanentError, match=r"pip install 'localclip\[pyannote\]'.*EMBEDDER=ge2e") as refused:
        create_engines(settings)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_where_pocketsphinx_has_no_wheel_the_way_out_is_told(monkeypatch):
    """It is no reason to need a compiler, and no traceback."""
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(PermanentError, match="LOCALCLIP_RECOGNIZER=faster-whisper") as caught:
        create_engines(DiarizerSettings())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


def test_bounds_of_speakers_make_sense():
    """The fewest are not more than the most."""
    with pytest.raises(ValidationError, match="LOCALCLIP_MAX_SPEAKERS is less"):
        DiarizerSettings(min_speakers=3, max_speakers=2)


def test_engines_tell_what_they_are(engines):
    """Port, licence and languages are data."""
    recognizer, diarizer, activity, _ = engines.infos()
    assert (recognizer.port, recognizer.languages, recognizer.licence) == ("recognizer", ("en",), "BSD-2-Clause")
    assert (diarizer.port, activity.port) == ("diarizer", "voice_activity")
    assert all(info.commercial_use for info in (recognizer, diarizer, activity))


def test_a_language_is_checked_against_the_recognizer(engines):
    """Known ones and "you decide" pass."""
    require_language("en", engines.recognizer.info)
    require_language(None, engines.recognizer.info)
    with pytest.raises(PermanentError, match="German"):
        require_language("de", engines.recognizer.info)


def test_speech_is_found_where_it_is(engines, record, say):
    """Also across the edge of a block, where it is one stretch."""
    samples = say("slt", SENTENCE)
    recording = record(np.concatenate([silence(58.5), samples, silence(2), samples, silence(1)]))
    second_s = 58.5 + len(samples) / RATE_HZ + 2
    found = engines.voice_activity.speech(recording, ignore)
    assert [span.start_s for span in found] == pytest.approx([58.5, second_s], abs=0.15)
    assert found[0].end_s == pytest.approx(second_s - 2, abs=0.15)


def test_words_are_placed_in_the_recording(engines, record, say):
    """Times count from the start of the recording, texts are plain words."""
    samples = say("slt", SENTENCE)
    end_s = 3 + len(samples) / RATE_HZ
    found = engines.recognizer.recognize(
        record(np.concatenate([silence(3), samples, silence(2)])), [Span(3.0, end_s)], "en", ignore
    )
    assert found.language == "en"
    assert " ".join(word.text for word in found.words) == "she has been looking for a place like this for two years"
    assert found.words[0].start_s == pytest.approx(3.0, abs=0.2)
    assert found.words[-1].end_s == pytest.approx(end_s, abs=0.2)
    assert all(before.end_s <= after.start_s for before, after in zip(found.words, found.words[1:], strict=False))


def test_the_recognizer_survives_a_cancellation(engines, record, say):
    """Stopped within an utterance, it hears the next recording as if nothing had happened."""
    recording = record(say("slt", SENTENCE))
    speech = [Span(0.0, recording.duration_s)]
    before = engines.recognizer.recognize(recording, speech, "en", ignore)

    def stop(part):
        if part > 0.5:
            raise Canceled

    with pytest.raises(Canceled):
        engines.recognizer.recognize(recording, speech, "en", stop)
    assert engines.recognizer.recognize(recording, speech, "en", ignore) == before


def test_speech_without_pauses_is_decoded_in_bounded_chunks(engines, record, say):
    """Reports come at least twice a second of audio, over chunks cut at quiet moments."""
    recording = record(np.concatenate([say("rms", SENTENCE)] * 6))
    parts = []
    found = engines.recognizer.recognize(recording, [Span(0.0, recording.duration_s)], None, parts.append)
    assert parts == sorted(parts)
    assert max(np.diff([*parts, 1.0])) <= 0.51 / recording.duration_s + 1e-6
    assert [word.text for word in found.words].count("looking") >= 5


@given(st.lists(st.tuples(st.floats(0.01, 3), st.floats(0.1, 20)), max_size=20))
def test_chunks_cover_speech_and_never_overlap(pieces):
    """Every stretch lies in one chunk; chunks keep their order and stay within the recording."""
    spans, at_s = [], 0.0
    for gap_s, length_s in pieces:
        spans.append(Span(at_s + gap_s, at_s + gap_s + length_s))
        at_s += gap_s + length_s
    chunks = padded_chunks(spans, at_s)
    for span in spans:
        assert sum(chunk.start_s <= span.start_s and span.end_s <= chunk.end_s for chunk in chunks) == 1
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in pairwise(chunks))
    assert all(chunk.start_s >= 0 and chunk.end_s <= at_s + 1e-9 for chunk in chunks)


SCRIPT = (
    ("slt", "The train to the coast leaves at nine in the morning. I buy my ticket the day before."),
    ("rms", "My grandfather worked as a carpenter for forty years. He built the table in our kitchen."),
    ("awb", "The market opens early on Friday. You should try the bread from the bakery at the corner."),
    ("slt", "Many people go to the beach in summer. In winter the village is almost empty."),
    ("rms", "He taught me how to use his tools when I was a child. I still have all of them."),
    ("awb", "We sell vegetables from our own garden there. My wife makes the best cheese in town."),
)


@pytest.mark.parametrize("voices", [("slt",), ("slt", "rms"), ("slt", "rms", "awb")], ids=len)
def test_speakers_are_counted_and_told_apart(engines, compose, record, voices):
    """Who speaks is found for nine tenths of the speech, without being told how many there are."""
    spoken = compose([line for line in SCRIPT if line[0] in voices])
    recording = record(soundfile.read(spoken.path, dtype="float32")[0])
    speech = engines.voice_activity.speech(recording, ignore)
    turns = engines.diarizer.turns(recording, speech, None, ignore)
    assert len({turn.speaker for turn in turns}) == len(voices)
    assert all(before.end_s <= after.start_s for before, after in pairwise(turns))
    share = {}
    for line in spoken.lines:
        for turn in turns:
            overlap_s = min(turn.end_s, line.end_s) - max(turn.start_s, line.start_s)
            share[line.voice, turn.speaker] = share.get((line.voice, turn.speaker), 0.0) + max(0.0, overlap_s)
    right_s = sum(max(s for (voice, _), s in share.items() if voice == one) for one in voices)
    assert right_s > 0.9 * sum(share.values())


@pytest.mark.parametrize(
    ("speakers", "asked"), [(("slt", "rms", "slt", "rms"), None), (("awb", "rms", "rms"), None), (("slt", "awb"), 2)]
)
@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_a_few_sentences_are_given_to_who_says_them(engines, record, say, speakers, asked, noise):
    """A clip of ten seconds is too little for models of its own; the encoder knows voices by a sentence."""
    parts, lines = [silence(1)], []
    for voice, (_, text) in zip(speakers, SCRIPT, strict=False):
        start_s = sum(map(len, parts)) / RATE_HZ
        parts.append(say(voice, text.split(". ")[0]))
        lines.append((start_s, start_s + len(parts[-1]) / RATE_HZ))
        parts.append(silence(1.5))
    samples = np.concatenate(parts)
    recording = record(samples + noise * np.random.default_rng(1).normal(0, 1, len(samples)).astype(np.float32))
    speech = engines.voice_activity.speech(recording, ignore)
    turns = engines.diarizer.turns(recording, speech, asked, ignore)
    found = [
        {turn.speaker for turn in turns if start_s < turn.end_s and turn.start_s < end_s} for start_s, end_s in lines
    ]
    assert [len(one) for one in found] == [1] * len(speakers)
    numbers = dict(zip(speakers, (one.pop() for one in found), strict=False))
    assert len(set(numbers.values())) == len(set(speakers))
    assert [turn.speaker for turn in turns] == [numbers[voice] for voice in speakers]


@pytest.mark.parametrize(("voice", "hum"), [("slt", 0.03), ("awb", 0.0)])
def test_one_speaker_stays_one(engines, record, say, voice, hum):
    """However many sentences there are, and with tones beneath."""
    sentences = [f"{part.rstrip('.')}." for _, text in SCRIPT for part in text.split(". ")]
    parts = [part for text in sentences for part in (say(voice, text), silence(0.7))]
    samples = np.concatenate(parts * 2)
    at_s = np.arange(len(samples)) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * hz * at_s) for hz in (220, 277, 330)) * np.exp(-1.2 * (at_s % 1.5))
    recording = record((samples + hum * tones).astype(np.float32))
    speech = engines.voice_activity.speech(recording, ignore)
    assert {turn.speaker for turn in engines.diarizer.turns(recording, speech, None, ignore)} == {0}


def test_two_who_leave_no_pause_are_two(engines, record, say):
    """Nothing between pauses is one voice's: the change is inside."""
    samples = np.concatenate([say(voice, text.split(". ")[0]) for voice, text in SCRIPT if voice != "slt"])
    recording = record(samples)
    turns = engines.diarizer.turns(recording, [Span(0.0, recording.duration_s)], None, ignore)
    assert len({turn.speaker for turn in turns}) == 2


def test_a_given_number_of_speakers_is_used(engines, compose, record):
    """Asked for one, there is one; asked for more than there are, there are at least two."""
    spoken = compose(SCRIPT[:2])
    recording = record(soundfile.read(spoken.path, dtype="float32")[0])
    speech = engines.voice_activity.speech(recording, ignore)
    counts = [
        len({turn.speaker for turn in engines.diarizer.turns(recording, speech, asked, ignore)}) for asked in (1, 2, 3)
    ]
    assert counts[:2] == [1, 2]
    assert 2 <= counts[2] <= 3


def test_a_word_is_enough_for_one_speaker(engines, record, say):
    """Too little speech to cluster is one speaker's, and silence is nobody's."""
    recording = record(np.concatenate([silence(1), say("slt", "Yes."), silence(1)]))
    turns = engines.diarizer.turns(recording, [Span(1.0, 1.4)], None, ignore)
    assert [(turn.start_s, turn.end_s, turn.speaker) for turn in turns] == [(1.0, 1.4, 0)]
    assert engines.diarizer.turns(recording, [], 3, ignore) == []
