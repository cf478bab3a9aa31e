"""Whether an engine at hand can tell something of takes by listening to them."""

import pytest

from services.gateway.pipeline.engines import can_hear
from shared.messaging import EngineInfo
from shared.pipeline import Stage


def engine(port: str, *languages: str, judges_takes: bool = False) -> EngineInfo:
    return EngineInfo(
        stage=Stage.DIARIZATION,
        port=port,
        name=port,
        version="1",
        licence="MIT",
        commercial_use=True,
        languages=languages,
        judges_takes=judges_takes,
    )


@pytest.mark.parametrize(
    ("engines", "heard"),
    [
        ([], False),
        ([engine("recognizer", "en")], False),
        ([engine("recognizer", "en", "es")], True),
        ([engine("recognizer")], True),
        ([engine("embedder"), engine("voice", "es")], False),
        ([engine("embedder", judges_takes=True)], True),
    ],
)
def test_spanish_is_heard_where_somebody_understands_or_compares(engines: list[EngineInfo], heard: bool) -> None:
    """A recognizer of the language, or of any, or an embedding that judges takes."""
    assert can_hear(engines, "es") is heard
