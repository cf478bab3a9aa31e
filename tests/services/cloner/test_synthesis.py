"""One line that fails does not cost the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from services.cloner.engines import Fault, Sound, Speech, Synthesizer, Voice
from services.cloner.synthesis import speak
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError

VOICE = Voice(key="tone-a@110", name="tone-a", f0_hz=110.0)


def outcomes(engine: Synthesizer, *texts: str) -> list[str]:
    """`spoken` or the fault of each text."""
    found = dict(speak(engine, [Speech(text, "en", VOICE) for text in texts], CancelToken()))
    assert sorted(found) == list(range(len(texts)))
    return [item.message if isinstance(item := found[n], Fault) else "spoken" for n in sorted(found)]


def test_every_index_is_answered_whatever_the_order(tones: Synthesizer) -> None:
    """The engine answers its batches of four backwards."""
    lengths = {
        n: len(take) for n, take in speak(tones, [Speech("x" * n, "en", VOICE) for n in range(2, 12)], CancelToken())
    }
    assert sorted(lengths, key=lambda n: lengths[n]) == list(range(10))


def test_a_line_that_throws_fails_alone(tones: Synthesizer) -> None:
    """Its batch breaks; the rest of the batch is asked for again, line by line."""
    found = outcomes(tones, "one", "boom", "two", "three", "four", "five")
    assert found == ["spoken", "tone failed on this line: AssertionError: more than 402 tokens", *["spoken"] * 4]


def test_a_fault_is_passed_on_and_silence_is_a_fault(tones: Synthesizer) -> None:
    """Neither becomes a take."""
    assert outcomes(tones, "refuse", "mute please", "well") == [
        "I do not say that",
        "the voice engine said nothing audible for this text",
        "spoken",
    ]


@dataclass
class _Once:
    """Raises `error` on its first call."""

    inner: Synthesizer
    error: Exception
    calls: int = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def synthesize(self, batch: Sequence[Speech], cancel: CancelToken) -> Iterator[tuple[int, Sound | Fault]]:
        self.calls += 1
        if self.calls == 1:
            raise self.error
        return self.inner.synthesize(batch, cancel)


def test_a_passing_trouble_costs_nothing(tones: Synthesizer) -> None:
    """Every line gets a second chance."""
    assert outcomes(_Once(tones, OSError("no memory")), "one", "two") == ["spoken", "spoken"]  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [Canceled("stop"), PermanentError(ErrorCode.ENGINE_UNAVAILABLE, "gone")])
def test_what_is_no_fault_of_the_line_ends_the_job(tones: Synthesizer, error: Exception) -> None:
    """Cancellation, and an engine that was removed."""
    with pytest.raises(type(error)):
        outcomes(_Once(tones, error), "one")  # type: ignore[arg-type]


def test_cancel_is_seen_between_batches(tones: Synthesizer) -> None:
    """No further batch is begun."""
    cancel = CancelToken()
    stream = speak(tones, [Speech("text", "en", VOICE)] * 9, cancel)
    next(stream)
    cancel.cancel("enough")
    with pytest.raises(Canceled):
        list(stream)
