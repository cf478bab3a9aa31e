"""What a translator is told of a video: whole to a chat model, in parts to engines that cannot read it."""

from collections.abc import Callable, Iterator

import pytest

from services.translator.engines._chat import Endpoint
from services.translator.engines.openai_compatible import OpenAiTranslator
from services.translator.translation import ShardTranslation
from shared.messaging import Brief, JobContext, LanguageBrief, TranslateLines, forbidden_in, other_register
from tests.services.translator.conftest import VerboseTranslator
from tests.services.translator.engines.chat_server import ChatServer, with_candidates

BRIEF = Brief(
    instructions="Keep the jokes.",
    audience="children of six",
    tone="warm",
    summary="A cat goes to sea.",
    languages={"es": LanguageBrief(address="informal", forbidden=("ordenador", "coger"))},
)
MakeJob = Callable[..., TranslateLines]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running
        running.shutdown()


def test_a_chat_model_is_told_everything(server: ChatServer, job: MakeJob, context: JobContext) -> None:
    """Among its instructions, not among the lines; another language has other words."""
    engine = OpenAiTranslator(Endpoint(server.url, "m", pause_s=0.01))
    ShardTranslation(engine).run(job("the cat sails", brief=BRIEF.of("es")), context)
    ShardTranslation(engine).run(job("the cat sails"), context)
    engine.close()
    told, plain = (request.body["messages"][0]["content"] for request in server.requests)
    for part in ("A cat goes to sea.", "children of six", "warm", "Keep the jokes.", "informally", "ordenador; coger"):
        assert part in told
    assert told.startswith(plain)
    french = BRIEF.of("fr")
    assert french is not None
    assert (french.address, french.forbidden, french.tone) == (None, (), "warm")
    assert Brief().of("es") is None


def test_an_answer_with_a_forbidden_word_is_asked_for_again(
    server: ChatServer, job: MakeJob, context: JobContext
) -> None:
    """With what was wrong; a candidate without it is taken at once."""
    bad = ["el ordenador grande", "un Ordenador", "ese ordenador es grande"]
    server.acts = [with_candidates(**{"the big computer": bad, "a computer": ["ordenador", "la computadora", "x y z"]})]
    engine = OpenAiTranslator(Endpoint(server.url, "m", pause_s=0.01))
    asked = job("the big computer", "a computer", brief=BRIEF.of("es"))
    lines = ShardTranslation(engine).run(asked, context).lines
    engine.close()
    assert lines[0].text == "theo bigo computero dicho en español"
    assert lines[1].text == "la computadora"
    (again,) = [request for request in server.requests if "note" in request.question]
    assert "the forbidden word 'ordenador'" in again.question["note"]
    assert again.texts == ["the big computer"]


def test_other_engines_choose_among_what_they_have(job: MakeJob, context: JobContext) -> None:
    """A text without a forbidden word; where there is none the text stays, for a person to see."""
    brief = BRIEF.of("es")
    (line,) = ShardTranslation(VerboseTranslator("coger {}", "tomar {}")).run(job("one", brief=brief), context).lines
    assert line.text == "tomar one"
    (line,) = ShardTranslation(VerboseTranslator("coger {}")).run(job("one", brief=brief), context).lines
    assert line.text == "coger one"


@pytest.mark.parametrize(
    ("text", "spaces", "found"),
    [("Quiere COGER el tren.", True, "coger"), ("recoger", True, None), ("我要头发", False, "头发"), ("", True, None)],
)
def test_forbidden_words_are_whole_words(text: str, spaces: bool, found: str | None) -> None:
    """Where a script has spaces."""
    assert forbidden_in(text, ("coger", "头发"), spaces=spaces) == found


@pytest.mark.parametrize(
    ("text", "wanted", "code", "found"),
    [
        ("¿Y tú qué quieres?", "formal", "es", "tú"),
        ("Tu casa es grande.", "formal", "es", None),
        ("¿Y usted?", "informal", "es", "usted"),
        ("Was willst du?", "formal", "de", "du"),
        ("Que voulez-vous ?", "informal", "fr", None),
        ("Tu viens ?", "formal", "fr", "Tu"),
        ("Tú y usted", None, "es", None),
        ("너는", "formal", "ko", None),
    ],
)
def test_how_people_are_spoken_to_is_seen_by_words(text: str, wanted: str | None, code: str, found: str | None) -> None:
    """As far as they tell it; languages whose words do not are left alone."""
    assert other_register(text, wanted, code) == found  # type: ignore[arg-type]
