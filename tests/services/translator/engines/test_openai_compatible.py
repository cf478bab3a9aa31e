"""Translation by a chat endpoint that behaves and misbehaves, over real HTTP."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest

from services.translator.engines import Line, Passage, create_translator
from services.translator.engines._chat import Endpoint
from services.translator.engines.openai_compatible import OpenAiTranslator
from services.translator.rewriting import ShardRewriting
from services.translator.settings import TranslatorSettings
from services.translator.translation import ShardTranslation
from shared.messaging import EngineUsage, GlossaryTerm, JobContext, LineToRewrite, RewriteLines, TranslateLines
from shared.pipeline import Canceled, CancelToken, ErrorCode, PermanentError, TransientError
from shared.testing import wait_until
from tests.services.translator.engines.chat_server import (
    ChatServer,
    answer,
    cutting,
    failing,
    hanging,
    saying,
    spanish,
    well,
    with_candidates,
)

MakeJob = Callable[..., TranslateLines]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running
        running.shutdown()


@pytest.fixture
def make(server: ChatServer) -> Iterator[Callable[..., OpenAiTranslator]]:
    """An engine for the server that loses no time between its tries."""
    made: list[OpenAiTranslator] = []

    def build(**fields: object) -> OpenAiTranslator:
        endpoint = Endpoint(**{"url": server.url, "model": "m", "key": "k3y", "pause_s": 0.01, **fields})  # type: ignore[arg-type]
        made.append(OpenAiTranslator(endpoint, price_in=2.0, price_out=10.0))
        return made[-1]

    yield build
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make: Callable[..., OpenAiTranslator]) -> OpenAiTranslator:
    return make()


def passage(*texts: str, **fields: object) -> Passage:
    lines = tuple(Line(index, text, 40) for index, text in enumerate(texts))
    return Passage(source="en", target="es", lines=lines, **fields)  # type: ignore[arg-type]


def outcomes(engine: OpenAiTranslator, asked: Passage) -> dict[str, object]:
    """By line, its candidates or its error."""
    texts = {line.index: line.text for line in asked.lines}
    return {
        texts[found.index]: list(found.candidates) or found.error for found in engine.translate(asked, CancelToken())
    }


def cancel_once(cancel: CancelToken, condition: Callable[[], bool]) -> None:
    """Cancel from another thread."""

    def body() -> None:
        wait_until(condition, 60, "a request")
        cancel.cancel("enough")

    threading.Thread(target=body, daemon=True).start()


def test_lines_come_back_with_several_candidates(engine: OpenAiTranslator, server: ChatServer) -> None:
    """Asked with what is around them, their terms and their budget, and for JSON by a schema."""
    asked = passage(
        "good day to you",
        "the engine stops",
        before=("before it",),
        after=("after it",),
        glossary=(GlossaryTerm(source="engine", target="motor"), GlossaryTerm(source="absent", target="x")),
    )
    assert outcomes(engine, asked) == {text: spanish(text) for text in ("good day to you", "the engine stops")}
    (request,) = server.requests
    assert (request.path, request.authorization, request.body["model"]) == ("/v1/chat/completions", "Bearer k3y", "m")
    assert request.question == {
        "before": ["before it"],
        "lines": [
            {"id": 0, "text": "good day to you", "max_chars": 40},
            {"id": 1, "text": "the engine stops", "max_chars": 40},
        ],
        "after": ["after it"],
        "terms": {"engine": "motor"},
    }
    assert request.body["response_format"]["json_schema"]["strict"] is True
    assert "from English to Spanish" in request.body["messages"][0]["content"]
    assert asked.meter.usage == EngineUsage(requests=1, tokens_in=100, tokens_out=50, cost_usd=0.0007)


def test_many_lines_are_asked_in_parallel_but_not_all_at_once(
    make: Callable[..., OpenAiTranslator], server: ChatServer
) -> None:
    """Each request sees the lines around its own; no more are open than set."""
    go = threading.Event()
    server.acts = [hanging(go)] * 4
    texts = [f"this is line number {number}" for number in range(48)]
    engine = make(concurrency=2)
    found: list[dict[str, object]] = []
    thread = threading.Thread(target=lambda: found.append(outcomes(engine, passage(*texts, before=("x",)))))
    thread.start()
    wait_until(lambda: server.open == 2, 60, "both requests")
    go.set()
    thread.join(60)
    assert found == [{text: spanish(text) for text in texts}]
    assert (len(server.requests), server.most_open) == (4, 2)
    second = next(request.question for request in server.requests if request.texts[0] == texts[12])
    assert (second["before"], second["after"]) == ([texts[11]], [texts[24]])


@pytest.mark.parametrize(
    "act",
    [
        failing(429, Retry_After="0"),
        failing(429, Retry_After=formatdate(time.time() - 5, usegmt=True)),
        failing(500),
        failing(503, "loading the model"),
        cutting,
    ],
)
def test_a_passing_failure_is_tried_again(engine: OpenAiTranslator, server: ChatServer, act: object) -> None:
    """Twice in a row too; the question is the same."""
    server.acts = [act, act]  # type: ignore[list-item]
    assert outcomes(engine, passage("one two three")) == {"one two three": spanish("one two three")}
    assert [request.body for request in server.requests] == [server.requests[0].body] * 3


def test_a_service_is_given_the_time_it_asks_for(engine: OpenAiTranslator, server: ChatServer) -> None:
    """Its own word counts more than the back-off of the engine."""
    server.acts = [failing(429, Retry_After="1")]
    began = time.monotonic()
    outcomes(engine, passage("one two three"))
    assert time.monotonic() - began >= 1


def test_a_service_that_wants_much_patience_gets_the_job_later(engine: OpenAiTranslator, server: ChatServer) -> None:
    """A worker does not sit there for an hour."""
    server.acts = [failing(429, "slow down", Retry_After="3600")]
    with pytest.raises(TransientError, match=r"slow down; it asks for 3600 s") as caught:
        engine.translate(passage("one"), CancelToken())
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert len(server.requests) == 1


def test_a_service_that_stays_away_is_given_up(
    make: Callable[..., OpenAiTranslator], server: ChatServer, job: MakeJob, context: JobContext
) -> None:
    """After five tries in all for all lines of the shard, not five for each; the queue brings the job again."""
    server.acts = [failing(500, "out of order")] * 20
    with pytest.raises(TransientError, match="does not answer: 500 out of order"):
        ShardTranslation(make()).run(job("one two three", "four five six"), context)
    assert len(server.requests) == 5
    with pytest.raises(TransientError, match="ConnectError"):
        make(url="http://127.0.0.1:9/v1").translate(passage("one"), CancelToken())


@pytest.mark.parametrize(
    ("status", "message", "way_out"),
    [
        (401, "Incorrect API key", "does not accept the key .*Incorrect API key.* set LOCALCLIP_OPENAI_API_KEY"),
        (403, "", "LOCALCLIP_OPENAI_API_KEY"),
        (404, "no such model", r"'m'.*no such model.*LOCALCLIP_OPENAI_URL.*LOCALCLIP_OPENAI_MODEL"),
        (301, "", "is not the base URL of an OpenAI-compatible service"),
        (429, "insufficient_quota: pay", "no credit left"),
        (402, "", "no credit left"),
    ],
)
def test_what_only_a_person_can_mend_ends_the_job_at_once(
    engine: OpenAiTranslator,
    server: ChatServer,
    job: MakeJob,
    context: JobContext,
    status: int,
    message: str,
    way_out: str,
) -> None:
    """One request, one sentence that says what to do; the key is not in it."""
    server.acts = [failing(status, message)] * 9
    with pytest.raises(PermanentError, match=way_out) as caught:
        ShardTranslation(engine).run(job("one two three", "four five six"), context)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert "k3y" not in caught.value.message
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        saying("Sure! Here are your translations:"),
        saying('{"lines": [{"id": 0, "candidates": ["uno", "d', finish="length"),
        saying('{"lines": 7}'),
        saying("", refusal="I cannot help with that"),
        saying("", finish="content_filter"),
        failing(400, "the prompt is too long"),
        lambda exchange: exchange.reply(200, "<html>not what you think</html>"),
    ],
)
def test_an_answer_of_no_use_is_asked_for_again_line_by_line(
    engine: OpenAiTranslator, server: ChatServer, bad: object
) -> None:
    """With the lines around each, and with what was wrong."""
    server.acts = [bad]  # type: ignore[list-item]
    texts = ("the first line", "the second line", "the third line")
    assert outcomes(engine, passage(*texts)) == {text: spanish(text) for text in texts}
    assert sorted(request.texts for request in server.requests[1:]) == sorted([text] for text in texts)
    second = next(request.question for request in server.requests if request.texts == ["the second line"])
    assert (second["before"], second["after"]) == (["the first line"], ["the third line"])
    assert "An earlier answer was of no use" in second["note"]


def test_only_the_lines_without_a_usable_answer_are_asked_again(engine: OpenAiTranslator, server: ChatServer) -> None:
    """Missing, doubled, empty, untranslated, refused; unusable candidates of a good line are just left out."""

    def patchy(exchange):  # type: ignore[no-untyped-def]
        lines = json.loads(answer(exchange.question()))["lines"]
        lines[1]["candidates"] = ["", "  "]
        lines[2]["candidates"] = ["I like to stay at home"]
        lines[3]["candidates"] = ["I'm sorry, but I can't assist with that request."]
        lines[4]["candidates"] = ["", "vale la pena verlo", 7]
        exchange.say(json.dumps({"lines": [*lines[:5], lines[5], lines[5], {"id": 99, "candidates": ["x"]}]}))

    server.acts = [patchy]
    texts = (
        "good line here",
        "came back empty",
        "I like to stay at home",
        "it was refused",
        "worth seeing it",
        "answered it twice",
        "not answered at all",
    )
    found = outcomes(engine, passage(*texts))
    assert found == {text: spanish(text) for text in texts} | {"worth seeing it": ["vale la pena verlo"]}
    again = [text for request in server.requests[1:] for text in request.texts]
    assert sorted(again) == sorted([*texts[1:4], *texts[5:]])


def test_a_line_that_stays_refused_fails_alone(
    engine: OpenAiTranslator, server: ChatServer, job: MakeJob, context: JobContext
) -> None:
    """It was asked for twice and not a third time, the others are there, and what all of it cost is reported."""
    refused = ["I'm sorry, I cannot translate this content."]
    server.acts = [with_candidates(**{"the awful line": refused})] * 2
    outcome = ShardTranslation(engine).run(job("the first line", "the awful line", "the last line"), context)
    assert [line.text for line in outcome.lines] == [
        spanish("the first line")[0],
        None,
        spanish("the last line")[0],
    ]
    assert outcome.lines[1].error_code is ErrorCode.ENGINE_FAILED
    assert outcome.lines[1].error_message == "the model gave no translation: a refusal instead of a translation"
    assert len(server.requests) == 2
    (used,) = outcome.engines
    assert (used.name, used.version) == ("OpenAI-compatible", "m")
    assert used.usage == EngineUsage(requests=2, tokens_in=200, tokens_out=100, cost_usd=0.0014)


def test_a_line_the_model_is_lost_in_fails_after_its_deadline(
    make: Callable[..., OpenAiTranslator], server: ChatServer
) -> None:
    """It was asked again by itself once, and not five times more; the others are there."""
    over = threading.Event()
    server.acts = [with_candidates(**{"the awful line": ["..."]}), hanging(over)]
    found = outcomes(make(line_s=2.0), passage("the first line", "the awful line"))
    wait_until(lambda: len(server.requests) == 2, 60, "the second question")
    over.set()
    assert found["the first line"] == spanish("the first line")
    assert "no answer within 2 s" in str(found["the awful line"])
    assert len(server.requests) == 2


def test_a_cancel_ends_the_wait_at_once(engine: OpenAiTranslator, server: ChatServer) -> None:
    """Also in the middle of an answer, and the connection is closed, so that the service may stop too."""
    go = threading.Event()
    server.acts = [hanging(go)]
    cancel = CancelToken()
    threading.Thread(
        target=lambda: (wait_until(lambda: server.open == 1, 60, "a request"), cancel.cancel("enough"))
    ).start()
    with pytest.raises(Canceled, match="enough"):
        engine.translate(passage("one two three"), cancel)
    go.set()
    assert outcomes(engine, passage("one two three")) == {"one two three": spanish("one two three")}


def test_a_cancel_ends_the_pause_between_tries(make: Callable[..., OpenAiTranslator], server: ChatServer) -> None:
    """However long it is."""
    server.acts = [failing(500)]
    cancel = CancelToken()
    cancel_once(cancel, lambda: len(server.requests) == 1)
    with pytest.raises(Canceled):
        make(pause_s=50.0).translate(passage("one"), cancel)
    assert len(server.requests) == 1


def test_a_slow_answer_runs_out_of_time(make: Callable[..., OpenAiTranslator], server: ChatServer) -> None:
    """One byte now and then does not keep a worker waiting; the next try may be faster."""
    over = threading.Event()

    def dripping(exchange):  # type: ignore[no-untyped-def]
        exchange.send_response(200)
        exchange.send_header("Content-Length", "1000")
        exchange.end_headers()
        while not over.wait(0.05):
            exchange.wfile.write(b" ")

    server.acts = [dripping, well]
    assert outcomes(make(timeout_s=2.0), passage("one two three")) == {"one two three": spanish("one two three")}
    assert len(server.requests) == 2
    assert server.left.wait(30), "the connection of the slow answer was not closed"
    over.set()


def test_a_service_without_schemas_is_asked_without(engine: OpenAiTranslator, server: ChatServer) -> None:
    """It says so once; later questions do not begin with the schema again. Fences around the JSON do not matter."""
    server.acts = [
        failing(400, "'response_format.type' must be 'text' or 'json_object'"),
        failing(422, "response_format is not supported"),
        lambda exchange: exchange.say(f"```json\n{answer(exchange.question())}\n```"),
    ]
    assert outcomes(engine, passage("one two three")) == {"one two three": spanish("one two three")}
    outcomes(engine, passage("four five six"))
    formats = [request.body.get("response_format", {}).get("type") for request in server.requests]
    assert formats == ["json_schema", "json_object", None, None]


def test_terms_are_kept(engine: OpenAiTranslator, server: ChatServer, job: MakeJob, context: JobContext) -> None:
    """A candidate without its term is left out; a line without any left is asked for with a stand-in."""
    server.acts = [
        with_candidates(
            **{
                "the engine stops": ["el aparato se para", "el motor se para"],
                "the brake holds": ["el pedal aguanta"],
            }
        ),
        with_candidates(**{"the IBM holds": ["el IBM aguanta"]}),
    ]
    glossary = (GlossaryTerm(source="engine", target="motor"), GlossaryTerm(source="brake", target="freno"))
    outcome = ShardTranslation(engine).run(job("the engine stops", "the brake holds", glossary=glossary), context)
    assert [(line.text, line.alternatives) for line in outcome.lines] == [
        ("el motor se para", ()),
        ("el freno aguanta", ()),
    ]
    assert [request.texts for request in server.requests] == [
        ["the engine stops", "the brake holds"],
        ["the IBM holds"],
    ]


def test_other_lengths_are_asked_for_in_one_request(
    engine: OpenAiTranslator, server: ChatServer, context: JobContext
) -> None:
    """Lines whose takes do not fit, each with what would fit."""
    lines = tuple(
        LineToRewrite(
            segment_id=f"s{number}",
            source_text=f"this is line {number}",
            text="x" * 60,
            natural_s=3,
            room_s=2,
            min_chars=1,
            max_chars=30,
        )
        for number in range(3)
    )
    job = RewriteLines(task_id="t", language="es", attempt=1, source_language="en", lines=lines)
    rewritten = ShardRewriting(engine).run(job, context)
    assert [line.candidates[1] for line in rewritten.lines] == [spanish(f"this is line {n}")[1] for n in range(3)]
    assert [line["max_chars"] for line in server.requests[0].question["lines"]] == [30, 30, 30]
    assert len(server.requests) == 1
    assert rewritten.engines[0].usage == EngineUsage(requests=1, tokens_in=100, tokens_out=50, cost_usd=0.0007)


def wish(wish: str, text: str = "x" * 40, tried: tuple[str, ...] = ()) -> RewriteLines:
    """One line, of which a person wants another text."""
    fields = {"segment_id": "s1", "natural_s": 3, "room_s": 2, "min_chars": 1, "max_chars": 30}
    line = LineToRewrite(source_text="this is a line", text=text, tried=tried, is_part=True, wish=wish, **fields)  # type: ignore[arg-type]
    return RewriteLines(task_id="t", language="es", attempt=1, source_language="en", lines=(line,))


def test_a_wish_is_told_with_the_text_there_is(
    engine: OpenAiTranslator, server: ChatServer, context: JobContext
) -> None:
    """Also of a part of a sentence, whose text is known; only texts as wished come back, and none that is no news."""
    server.acts = [with_candidates(**{"this is a line": ["uno dos", "uno", "uno dos tres cuatro"]})] * 3
    for wanted, found in (
        ("shorter", ("uno",)),
        ("longer", ("uno dos tres cuatro",)),
        ("other", ("uno", "uno dos tres cuatro")),
    ):
        rewritten = ShardRewriting(engine).run(wish(wanted, "uno dos", ("y",)), context)
        assert rewritten.lines[0].candidates == found
        request = server.requests[-1]
        (line,) = request.question["lines"]
        assert (line["text"], line["now"], line["wish"], line["known"]) == ("this is a line", "uno dos", wanted, ["y"])
        assert '"now" is translated so already' in request.body["messages"][0]["content"]


def test_a_wish_fails_with_its_engine(engine: OpenAiTranslator, server: ChatServer, context: JobContext) -> None:
    """Somebody waits: nothing is put off, and what is wrong is said."""
    server.acts = [failing(401, "bad key")]
    with pytest.raises(PermanentError, match="does not accept the key") as refused:
        ShardRewriting(engine).run(wish("other"), context)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
    server.acts = [failing(503, "busy")] * 5
    with pytest.raises(PermanentError, match="does not answer"):
        ShardRewriting(engine).run(wish("other"), context)


def test_it_is_chosen_by_settings(server: ChatServer) -> None:
    """And refuses to start without an address and a model, naming both."""
    with pytest.raises(PermanentError, match=r"LOCALCLIP_OPENAI_URL .* and LOCALCLIP_OPENAI_MODEL"):
        create_translator(TranslatorSettings(translator="openai", openai_url=server.url))
    engine = create_translator(TranslatorSettings(translator="openai", openai_url=server.url, openai_model="m"))
    assert (engine.info.rewrites, engine.info.pairs, engine.traits.uses_context) == (True, (), True)
    assert engine.info.licence == f"terms of 127.0.0.1:{server.server_address[1]}"
    engine.close()
