"""Which voice each speaker gets."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cloner.casting import Part, cast
from services.cloner.engines import Abilities, Fault, StockVoice, Synthesizer, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from shared.messaging import SpeakerVoice

ENGINES = {engine.info.name: engine for engine in create_synthesizers(ClonerSettings())}


def speaker(number: int, f0_hz: float | None, voice: str | None = None) -> SpeakerVoice:
    return SpeakerVoice(speaker_id=f"S{number}", f0_hz=f0_hz, voice=voice)


def voices(*speakers: SpeakerVoice, engines: tuple[Synthesizer, ...] = (ENGINES["espeak-ng"],)) -> dict[str, Voice]:
    parts = cast(speakers, engines, {}, "en")
    assert all(isinstance(part, Part) for part in parts.values()), parts
    return {who: part.voice for who, part in parts.items() if isinstance(part, Part)}


@pytest.mark.parametrize(
    ("engine", "f0_hz", "name"),
    [
        ("espeak-ng", 95.0, "espeak-male-1"),
        ("espeak-ng", 138.0, "espeak-male-1"),
        ("espeak-ng", 142.0, "espeak-female-1"),
        ("espeak-ng", 240.0, "espeak-female-1"),
        ("espeak-ng", None, "espeak-male-1"),
        ("flite", 100.0, "flite-rms"),
        ("flite", 130.0, "flite-awb"),
        ("flite", 200.0, "flite-slt"),
    ],
)
def test_the_nearest_voice_is_tuned_to_the_speaker(engine: str, f0_hz: float | None, name: str) -> None:
    """By pitch: that decides whether a man or a woman is heard."""
    (voice,) = voices(speaker(1, f0_hz), engines=(ENGINES[engine],)).values()
    assert voice.name == name
    if f0_hz:
        assert voice.f0_hz == pytest.approx(f0_hz, rel=0.01)


@pytest.mark.parametrize("engine", ["espeak-ng", "flite"])
@pytest.mark.parametrize("f0_hz", [105.0, 205.0])
def test_speakers_of_one_pitch_get_different_voices(engine: str, f0_hz: float) -> None:
    """Another timbre each, not only another pitch."""
    found = voices(speaker(1, f0_hz), speaker(2, f0_hz + 1), engines=(ENGINES[engine],))
    assert found["S1"].name != found["S2"].name


@pytest.mark.parametrize("engine", ["espeak-ng", "flite"])
@settings(deadline=None)
@given(pitches=st.lists(st.none() | st.floats(60.0, 400.0), min_size=1, max_size=12))
def test_no_two_speakers_sound_the_same(engine: str, pitches: list[float | None]) -> None:
    """However many there are and whatever their pitch, within what a voice can be tuned to."""
    found = voices(*(speaker(n, f0_hz) for n, f0_hz in enumerate(pitches)), engines=(ENGINES[engine],))
    assert len({voice.key for voice in found.values()}) == len(pitches)
    for voice in found.values():
        stock = next(stock for stock in ENGINES[engine].abilities.voices if stock.name == voice.name)
        assert stock.low_hz - 1 <= (voice.f0_hz or 0) <= stock.high_hz + 1


def test_many_of_one_sex_share_voices_rather_than_change_it() -> None:
    """Seven men: none of them gets a woman's voice."""
    found = voices(*(speaker(n, 110.0) for n in range(7)))
    assert {(voice.name or "")[:11] for voice in found.values()} == {"espeak-male"}


@pytest.mark.parametrize(
    ("misheard", "names"),
    [
        ((0.40, 0.08, None), ["other", "low", "other"]),  # what nobody understands is for nobody, however near
        ((0.12, 0.08, None), ["near", "low", "near"]),  # that much is chance
        ((0.40, 0.45, 0.40), ["near", "low", "near"]),  # none is any better
    ],
)
def test_a_voice_that_is_understood_is_preferred_to_a_nearer_one(
    misheard: tuple[float | None, ...], names: list[str], tones: Synthesizer
) -> None:
    """By what a listener got wrong of it when that was measured."""
    pitches = (("near", 230.0), ("low", 113.0), ("other", 246.0))
    stock = [
        StockVoice(name, hz, hz * 0.9, hz * 1.1, misheard=wrong)
        for (name, hz), wrong in zip(pitches, misheard, strict=True)
    ]
    tones.abilities = Abilities(languages=("en",), sample_rate_hz=24_000, max_chars=250, voices=tuple(stock))  # type: ignore[misc]
    people = (speaker(1, 225.0), speaker(2, 110.0), speaker(3, 228.0))
    alone = [voices(one, engines=(tones,)).popitem()[1].name for one in people]
    assert alone == names


@given(st.permutations([speaker(1, 100.0), speaker(2, 104.0), speaker(3, 210.0), speaker(4, None)]))
def test_the_order_of_speakers_does_not_matter(speakers: list[SpeakerVoice]) -> None:
    """Every shard and every repetition casts alike."""
    assert voices(*speakers) == voices(*sorted(speakers, key=lambda who: who.speaker_id))


def test_a_person_chooses() -> None:
    """The chosen voice speaks at its own pitch, and whoever had it moves; nobody else does."""
    before = voices(speaker(1, 100.0), speaker(2, 102.0), speaker(3, 200.0))
    after = voices(speaker(1, 100.0), speaker(2, 102.0), speaker(3, 200.0, voice="espeak-male-1"))
    assert after["S3"].name == "espeak-male-1"
    assert before["S1"].name == "espeak-male-1"
    assert after["S1"].name not in {"espeak-male-1", before["S2"].name}
    assert after["S2"] == before["S2"]


def test_a_chosen_voice_may_be_in_another_engine() -> None:
    """English speaks with Flite unless a person prefers a voice of eSpeak NG."""
    engines = (ENGINES["flite"], ENGINES["espeak-ng"])
    parts = cast([speaker(1, 100.0), speaker(2, 100.0, voice="espeak-female-2")], engines, {}, "en")
    assert [part.engine.info.name for part in parts.values() if isinstance(part, Part)] == ["flite", "espeak-ng"]


def test_an_unknown_voice_fails_its_speaker_only() -> None:
    """The message names the voices there are."""
    parts = cast([speaker(1, 100.0, voice="flite-slt"), speaker(2, 100.0)], (ENGINES["espeak-ng"],), {}, "en")
    assert isinstance(parts["S1"], Fault)
    assert "'flite-slt'" in parts["S1"].message
    assert "espeak-female-1" in parts["S1"].message
    assert isinstance(parts["S2"], Part)


def test_a_cloning_engine_gets_the_clips(tones: Synthesizer, tmp_path: Path) -> None:
    """The voice is named by the content of the clip; without a clip the speaker cannot speak."""
    tones.abilities = Abilities(languages=("en",), sample_rate_hz=24_000, max_chars=250, clones=True)  # type: ignore[misc]
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"one")
    parts = cast([speaker(1, 100.0), speaker(2, 100.0)], (tones,), {"S1": clip}, "en")
    assert isinstance(parts["S1"], Part)
    assert parts["S1"].voice.reference == clip
    assert isinstance(parts["S2"], Fault)
    clip.write_bytes(b"two")
    again = cast([speaker(1, 100.0)], (tones,), {"S1": clip}, "en")["S1"]
    assert isinstance(again, Part)
    assert again.voice.key != parts["S1"].voice.key


@settings(deadline=None)
@given(
    pitches=st.lists(st.none() | st.floats(60.0, 400.0), min_size=1, max_size=6),
    extra=st.lists(st.tuples(st.sampled_from([None, "espeak-male-1", "espeak-female-1"]), st.floats(60.0, 400.0))),
)
def test_voices_of_single_lines_move_nobody(pitches: list[float | None], extra: list[tuple[str | None, float]]) -> None:
    """Whatever is chosen for a line, the speakers sound as they did; what was chosen is what is heard."""
    speakers = [speaker(number, f0_hz) for number, f0_hz in enumerate(pitches)]
    asides = [
        SpeakerVoice(speaker_id=f"line-s{number}", f0_hz=f0_hz, voice=voice, aside=True)
        for number, (voice, f0_hz) in enumerate(extra)
    ]
    before, after = voices(*speakers), voices(*asides, *speakers)
    assert {key: after[key] for key in before} == before
    for aside in asides:
        assert aside.voice in (None, after[aside.speaker_id].name)
