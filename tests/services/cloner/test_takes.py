"""Takes in the store."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cloner.engines import Speech, Synthesizer, Voice
from services.cloner.takes import Takes, flac_length, natural_hash, placed_hash
from shared.storage import DirectoryStore, put_bytes, read_bytes

SPEECH = Speech("Hello", "en", Voice(key="tone-a@110", name="tone-a", f0_hz=110.0))


@pytest.mark.parametrize("samples", [1, 4095, 4096, 4097, 48_000 * 3])
def test_the_length_is_read_from_the_header(store: DirectoryStore, samples: int) -> None:
    """A take is measured without decoding it, and comes back as it was within 16 bits."""
    takes = Takes(store, "task_1", "es")
    audio = (0.5 * np.sin(np.arange(samples) / 20)).astype(np.float32)
    assert takes.save("abc", audio) == samples
    assert takes.length("abc") == samples
    assert np.abs(takes.load("abc") - audio).max() < 2 / 32768
    assert takes.key("abc") == "tasks/task_1/outputs/es/cloned_audio/abc.flac"


def test_a_missing_or_foreign_object_is_no_take(store: DirectoryStore) -> None:
    """It is made again rather than believed."""
    takes = Takes(store, "task_1", "es")
    put_bytes(store, takes.key("bad"), b"RIFF" + bytes(100))
    assert (takes.length("none"), takes.length("bad")) == (None, None)


@given(st.binary(max_size=60))
def test_any_bytes_can_be_asked(head: bytes) -> None:
    """A damaged header is no error."""
    assert flac_length(head) is None or head.startswith(b"fLaC")


def test_the_same_audio_makes_the_same_object(store: DirectoryStore) -> None:
    """A repeated job replaces a take by itself."""
    takes = Takes(store, "task_1", "es")
    audio = np.linspace(-0.5, 0.5, 9000, dtype=np.float32)
    takes.save("abc", audio)
    first = read_bytes(store, takes.key("abc"))
    takes.save("abc", audio)
    assert read_bytes(store, takes.key("abc")) == first


def test_the_name_covers_what_changes_the_sound(tones: Synthesizer) -> None:
    """Engine, text, language, voice, aim and rendition of a take, and its length as placed."""
    other = Voice(key="tone-b@200", name="tone-b", f0_hz=200.0)
    variants = [SPEECH, replace(SPEECH, text="Hallo"), replace(SPEECH, language="es"), replace(SPEECH, voice=other)]
    variants += [replace(SPEECH, target_s=2.0), replace(SPEECH, target_s=2.5), replace(SPEECH, rendition=1)]
    names = [natural_hash(tones, speech) for speech in variants]
    names += [placed_hash(names[0], 48_000), placed_hash(names[0], 48_001)]
    assert len(set(names)) == len(names)
    assert natural_hash(tones, replace(SPEECH)) == names[0]
