"""Open JTalk, whose dictionary and voice are in its wheel."""

from typing import Any

import numpy as np
import pytest

from services.cloner.engines import Fault, Speech, Voice, create_synthesizers
from services.cloner.settings import ClonerSettings
from shared.pipeline import CancelToken

SENTENCE = "今日は友達と東京へ行って、昼ご飯を食べます。"


@pytest.fixture(scope="module")
def open_jtalk() -> Any:
    (engine,) = create_synthesizers(ClonerSettings(synthesizer="open-jtalk"))
    return engine


def said(engine: Any, text: str, **more: Any) -> Any:
    ((_, sound),) = engine.synthesize((Speech(text, "ja", Voice(key="v", **more)),), CancelToken())
    return sound


def test_it_speaks_at_the_pace_of_people(open_jtalk: Any) -> None:
    """And faster where that is asked for."""
    usual = said(open_jtalk, SENTENCE)
    assert np.abs(usual.samples).max() <= 1.0
    assert 2.0 < len(usual.samples) / usual.sample_rate_hz < 6.0
    assert len(said(open_jtalk, SENTENCE, pace=1.3).samples) < 0.85 * len(usual.samples)


def test_pitch_is_bent_to_the_speaker(open_jtalk: Any) -> None:
    """Another sound of the same length."""
    high, low = (said(open_jtalk, SENTENCE, f0_hz=hz) for hz in (330.0, 200.0))
    assert len(high.samples) == pytest.approx(len(low.samples), rel=0.02)
    assert not np.array_equal(high.samples, low.samples)


def test_nothing_to_read_fails_its_line(open_jtalk: Any) -> None:
    """With a sentence for a person, whatever is in it."""
    assert isinstance(said(open_jtalk, "…"), Fault)


def test_it_names_its_voice(open_jtalk: Any) -> None:
    """As the licence of the voice asks for."""
    assert "Nagoya Institute of Technology" in open_jtalk.info.licence
    assert open_jtalk.info.languages == ("ja",)
