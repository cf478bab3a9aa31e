"""What a chat model makes of a whole video before its first line, and what is kept of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.translator.engines._chat import Endpoint
from services.translator.engines.openai_compatible import OpenAiTranslator
from services.translator.handlers import translate_lines
from shared.messaging import BriefProposed, GlossaryTerm, JobContext, KeptEngines, ProposeBrief
from shared.pipeline import Canceled
from tests.services.translator.conftest import ShoutingTranslator
from tests.services.translator.engines.chat_server import ChatServer, Exchange, failing, hanging, saying

LINES = ("The Kraken wakes.", "Ada sails to the Kraken.", "Nobody believes Ada.", "The harbour master laughs.")
FOUND = {
    "summary": " Ada sails out\nto a sea monster. ",
    "terms": [
        {"source": "Kraken", "target": "Kraken"},
        {"source": "harbour master", "target": "capitán del puerto"},
        {"source": "harbour  master", "target": "jefe del puerto"},
        {"source": "the mayor", "target": "el alcalde"},  # nobody says that
        {"source": "Ada", "target": ""},
        {"source": "wakes"},
        "none",
    ],
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running
        running.shutdown()


def propose(server: ChatServer, context: JobContext, **fields: Any) -> BriefProposed:
    """What the worker answers."""
    engine = OpenAiTranslator(Endpoint(server.url, "m", pause_s=0.01, timeout_s=5.0), price_in=2.0)
    work = ProposeBrief(
        task_id="t", language="es", shard="brief", attempt=1, source_language="en", lines=LINES, **fields
    )
    try:
        found = translate_lines(KeptEngines([engine], lambda choice: None))(work, context)
    finally:
        engine.close()
    assert isinstance(found, BriefProposed)
    return found


def test_a_model_sums_up_the_video_and_proposes_terms(server: ChatServer, context: JobContext) -> None:
    """Those that are said and have a rendering, each once; what it cost is counted."""
    server.acts = [saying(json.dumps(FOUND))]
    found = propose(server, context)
    assert found.summary == "Ada sails out to a sea monster."
    assert found.terms == (
        GlossaryTerm(source="Kraken", target="Kraken"),
        GlossaryTerm(source="harbour master", target="jefe del puerto"),
    )
    (used,) = found.engines
    assert used.usage is not None
    assert (used.usage.requests, used.usage.tokens_in) == (1, 100)
    assert server.requests[0].question == {"lines": list(LINES)}


def test_what_is_known_is_not_asked_for(server: ChatServer, context: JobContext) -> None:
    """Neither a summary that a person wrote, nor settled terms."""
    server.acts = [saying(json.dumps(FOUND))]
    found = propose(server, context, summary="A tale of the sea.", known=("kraken",))
    assert (found.summary, [term.source for term in found.terms]) == ("", ["harbour master"])
    assert server.requests[0].question == {
        "lines": list(LINES),
        "about": "A tale of the sea.",
        "known": ["kraken"],
    }


@pytest.mark.parametrize(
    "acts",
    [
        [failing(401)],
        [failing(500)] * 5,
        [saying("I think this video is lovely.")],
        [saying("[1, 2]")],
        [saying("", refusal="I cannot")],
        [saying(json.dumps({"summary": 3, "terms": "none"}))],
    ],
)
def test_a_model_that_fails_proposes_nothing(server: ChatServer, context: JobContext, acts: list[Any]) -> None:
    """The job ends well all the same: no line waits for it."""
    server.acts = acts
    found = propose(server, context)
    assert (found.summary, found.terms) == ("", ())


def test_an_engine_that_cannot_is_not_asked(context: JobContext) -> None:
    """It proposes nothing."""
    work = ProposeBrief(task_id="t", language="es", shard="brief", attempt=1, source_language="en", lines=LINES)
    found = translate_lines(KeptEngines([ShoutingTranslator()], lambda choice: None))(work, context)
    assert found == BriefProposed(task_id="t", language="es", stage=work.stage(), shard="brief", attempt=1)


def test_a_canceled_proposal_stops(server: ChatServer, context: JobContext) -> None:
    """As other work does."""

    def cancel(exchange: Exchange) -> None:
        context.cancel.cancel("enough")
        hanging(server.left)(exchange)

    server.acts = [cancel]
    with pytest.raises(Canceled):
        propose(server, context)
