"""A shard of lines: what a person settled stays, and one bad line spoils no other."""

from collections.abc import Callable

import pytest

from services.translator.engines.apertium import ApertiumTranslator
from services.translator.handlers import translate_lines
from services.translator.translation import ShardTranslation, choose
from shared.messaging import RESULT, GlossaryTerm, JobContext, KeptEngines, LinesTranslated, TranslateLines
from shared.pipeline import Canceled, ErrorCode, PermanentError, TransientError
from tests.services.translator.conftest import ShoutingTranslator, VerboseTranslator

MakeJob = Callable[..., TranslateLines]


def test_a_shard_is_translated_line_by_line(apertium: ApertiumTranslator, job: MakeJob, context: JobContext) -> None:
    """The result holds every line under its id, in order, and the engine that was used."""
    handle = translate_lines(KeptEngines([apertium], lambda _: None))
    result = handle(job("The house is big.", "I saw the dog."), context)
    assert isinstance(result, LinesTranslated)
    assert [(line.segment_id, line.text) for line in result.lines] == [
        ("s0001", "La casa es grande."),
        ("s0002", "Vi el perro."),
    ]
    assert [engine.name for engine in result.engines] == ["Apertium"]
    assert RESULT.validate_json(result.model_dump_json()) == result
    assert context.progress.fraction == 1.0


def test_names_terms_and_numbers_are_kept(apertium: ApertiumTranslator, job: MakeJob, context: JobContext) -> None:
    """Alone, Apertium makes "Herrero" of Smith and "manzana" of apple; places it may translate."""
    glossary = (GlossaryTerm(source="house", target="chalet"), GlossaryTerm(source="apple"))
    outcome = ShardTranslation(apertium).run(
        job(
            "Smith's house in London is big!",
            "Yesterday we saw Smith and the apple, at 10:30.",
            glossary=glossary,
        ),
        context,
    )
    assert [line.text for line in outcome.lines] == [
        "¡Chalet de Smith en Londres es grande!",
        "Ayer vimos Smith y el apple, en 10:30.",
    ]


def test_more_terms_than_an_engine_can_carry_are_kept_all_the_same(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """The text around them is then translated in pieces."""
    glossary = tuple(GlossaryTerm(source=f"word{number}", target=f"Term{number}") for number in range(15))
    text = "the house and " + ", ".join(term.source for term in glossary) + "."
    (line,) = ShardTranslation(apertium).run(job(text, glossary=glossary), context).lines
    assert line.text == "la casa y " + ", ".join(str(term.target) for term in glossary) + "."


def test_the_pivot_keeps_terms_too(apertium: ApertiumTranslator, job: MakeJob, context: JobContext) -> None:
    """English to French goes over Catalan, and a stand-in has to survive both."""
    glossary = (GlossaryTerm(source="LocalClip"),)
    (line,) = (
        ShardTranslation(apertium).run(job("The house of LocalClip is big.", to="fr", glossary=glossary), context).lines
    )
    assert line.text is not None
    assert "LocalClip" in line.text
    assert line.text.lower().startswith("la maison")


def test_settled_lines_need_no_engine(job: MakeJob, context: JobContext) -> None:
    """A person's own words, empty lines, lines without letters; only the rest is asked for."""
    engine = ShoutingTranslator()
    outcome = ShardTranslation(engine).run(job(("one", "uno, ¡claro!"), "", "  \n ", "♪ 12 ♪", "two"), context)
    assert [line.text for line in outcome.lines] == ["uno, ¡claro!", "", "", "♪ 12 ♪", "TWO"]
    assert [line.provided for line in outcome.lines] == [True, False, False, False, False]
    assert [line.text for passage in engine.passages for line in passage.lines] == ["two"]


def test_the_same_language_passes_through(job: MakeJob, context: JobContext) -> None:
    """No engine is named for it."""
    outcome = ShardTranslation(ShoutingTranslator(pairs=(("en", "es"),))).run(job("Hi  there", to="en"), context)
    assert [line.text for line in outcome.lines] == ["Hi there"]
    assert outcome.engines == ()


def test_one_bad_line_of_a_batch_fails_alone(job: MakeJob, context: JobContext) -> None:
    """The batch is repeated line by line."""
    outcome = ShardTranslation(ShoutingTranslator(bad="bad")).run(job("one", "bad", "three", "four", "five"), context)
    assert [line.text for line in outcome.lines] == ["ONE", None, "THREE", "FOUR", "FIVE"]
    assert outcome.lines[1].error_code is ErrorCode.ENGINE_FAILED
    assert outcome.lines[1].error_message == "a bad word"


def test_an_engine_that_fails_on_every_line_is_tried_again_later(job: MakeJob, context: JobContext) -> None:
    """But the only line of a shard, one that a person just edited, is reported as failed."""
    translation = ShardTranslation(ShoutingTranslator(bad=""))
    with pytest.raises(TransientError, match="a bad word"):
        translation.run(job("one", "two"), context)
    assert translation.run(job("one"), context).lines[0].error_code is ErrorCode.ENGINE_FAILED


def test_an_impossible_pair_is_refused_with_a_way_out(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """The sentence names what would make it possible."""
    with pytest.raises(PermanentError, match=r"en → ko.*own translation.*models list.*apertium-eng-spa") as caught:
        ShardTranslation(apertium).run(job("Hello.", to="ko"), context)
    assert caught.value.code is ErrorCode.LANGUAGE_UNSUPPORTED


def test_a_person_may_bring_most_of_an_impossible_translation(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """The lines that are missing fail, the others are taken."""
    outcome = ShardTranslation(apertium).run(job(("Hello.", "안녕하세요."), "Goodbye.", to="ko"), context)
    assert [(line.text, line.error_code) for line in outcome.lines] == [
        ("안녕하세요.", None),
        (None, ErrorCode.LANGUAGE_UNSUPPORTED),
    ]
    assert outcome.engines == ()


def test_an_engine_sees_the_lines_around_its_batch(job: MakeJob, context: JobContext) -> None:
    """Also those of the neighbouring shards."""
    engine = ShoutingTranslator(batch_lines=1)
    ShardTranslation(engine).run(job("b", "c", context_before=("x", "y", "z", "a"), context_after=("d",)), context)
    assert [(passage.before, passage.after) for passage in engine.passages] == [
        (("y", "z", "a"), ("c", "d")),
        (("z", "a", "b"), ("d",)),
    ]


def test_an_answer_for_other_lines_is_no_answer(job: MakeJob, context: JobContext) -> None:
    """The count and the numbers of an engine's answers are checked."""

    class Forgetful(ShoutingTranslator):
        def translate(self, passage, cancel):  # type: ignore[no-untyped-def]
            return super().translate(passage, cancel)[1:]

    outcome = ShardTranslation(Forgetful()).run(job("one", ("two", "dos")), context)
    assert outcome.lines[0].error_code is ErrorCode.ENGINE_FAILED
    assert "0 of 1 lines" in (outcome.lines[0].error_message or "")


def test_cancel_stops_between_batches(job: MakeJob, context: JobContext) -> None:
    """Nothing more is asked of the engine."""
    engine = ShoutingTranslator(batch_lines=1)
    context.cancel.cancel("enough")
    with pytest.raises(Canceled):
        ShardTranslation(engine).run(job("one", "two"), context)
    assert engine.passages == []


def test_other_candidates_come_along(job: MakeJob, context: JobContext) -> None:
    """The first within the budget is the line's text, the rest its alternatives, without what lost a term."""
    engine = VerboseTranslator("{} quite long really", "{} long", "lost it", "{}")
    glossary = (GlossaryTerm(source="LocalClip"),)
    lines = job("LocalClip", glossary=glossary).lines
    narrow = job("LocalClip", glossary=glossary, lines=[lines[0].model_copy(update={"max_chars": 16})])
    (line,) = ShardTranslation(engine).run(narrow, context).lines
    assert (line.text, line.alternatives) == ("LocalClip long", ("LocalClip quite long really", "LocalClip"))


def test_a_text_over_the_budget_is_condensed(job: MakeJob, context: JobContext) -> None:
    """By an engine with one answer too; what it said itself stays an alternative. Within the budget nothing changes."""
    engine = VerboseTranslator("Nosotros vamos a fin de que venga.")
    wide = job("We go so that she comes.")
    narrow = job("We go.", lines=[wide.lines[0].model_copy(update={"max_chars": 25})])
    (line,) = ShardTranslation(engine).run(wide, context).lines
    assert (line.text, line.alternatives) == (
        "Nosotros vamos a fin de que venga.",
        ("Nosotros vamos para que venga.", "Vamos para que venga."),
    )
    (line,) = ShardTranslation(engine).run(narrow, context).lines
    assert (line.text, line.alternatives[0]) == ("Vamos para que venga.", "Nosotros vamos a fin de que venga.")


def test_a_line_of_a_person_has_no_alternatives(job: MakeJob, context: JobContext) -> None:
    """However long it is."""
    (line,) = ShardTranslation(VerboseTranslator("{}")).run(job(("one", "a fin de que " * 20)), context).lines
    assert (line.provided, line.alternatives) == (True, ())


def test_the_first_candidate_within_the_budget_is_taken() -> None:
    """Where none is short enough, the shortest."""
    assert choose(("far too long", "short", "tiny"), (), 6) == "short"
    assert choose(("far too long", "too long"), ("condensed",), 3) == "too long"


def split_sentence(
    job: MakeJob, *texts: str, asked: tuple[bool, ...] = (), spans_s: tuple[float, ...] = ()
) -> TranslateLines:
    """A job whose lines are one sentence."""
    made = job(*texts)
    last = len(texts) - 1
    lines = [
        line.model_copy(
            update={
                "goes_on": n < last,
                "asked": asked[n] if asked else True,
                "span_s": spans_s[n] if spans_s else 2.0,
                "max_chars": 30,
            }
        )
        for n, line in enumerate(made.lines)
    ]
    return made.model_copy(update={"lines": tuple(lines)})


MOUNTAINS = ("We want to visit the", "mountains in the", "summer, because the weather", "is good.")


def test_a_sentence_over_several_lines_is_translated_as_one(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """Line by line Apertium makes "visitar el / montañas en el"."""
    made = split_sentence(job, *MOUNTAINS, spans_s=(1.4, 1.2, 2.6, 1.8))
    lines = ShardTranslation(apertium).run(made, context).lines
    assert [line.segment_id for line in lines] == ["s0001", "s0002", "s0003", "s0004"]
    whole = " ".join(str(line.text) for line in lines)
    assert whole.startswith("Queremos visitar las montañas en el verano, porque el tiempo es")
    assert all(line.text for line in lines)


def test_a_caption_that_stays_longer_than_its_words_gets_no_more_of_the_sentence(
    job: MakeJob, context: JobContext
) -> None:
    """Live captions stand until the next comes; what is said in the third is not pushed into the fourth."""
    texts = ("we left the old house", "early in the morning and", "took the train", "to the lake with our dog")
    made = split_sentence(job, *texts, spans_s=(1.8, 2.0, 6.5, 2.2))
    lines = ShardTranslation(ShoutingTranslator()).run(made, context).lines
    assert [line.text for line in lines] == [text.upper() for text in texts]


def test_only_the_line_that_is_asked_for_comes_back(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """It is that part of the sentence which the whole would have there."""
    every = ShardTranslation(apertium).run(split_sentence(job, *MOUNTAINS), context).lines
    again = split_sentence(job, *MOUNTAINS, asked=(False, True, False, False))
    assert ShardTranslation(apertium).run(again, context).lines == (every[1],)


def test_a_sentence_with_fewer_words_than_lines_is_translated_line_by_line(job: MakeJob, context: JobContext) -> None:
    """No line stays empty; a sentence that fails fails in each of its lines."""
    terse = VerboseTranslator("si")
    lines = ShardTranslation(terse).run(split_sentence(job, "i do not", "know"), context).lines
    assert [line.text for line in lines] == ["si", "si"]
    broken = ShardTranslation(ShoutingTranslator(bad="bad")).run(split_sentence(job, "one", "bad", "two"), context)
    assert [(line.segment_id, line.error_code) for line in broken.lines] == [
        (f"s000{n}", ErrorCode.ENGINE_FAILED) for n in (1, 2, 3)
    ]


def test_short_replies_are_not_taken_for_numbers_and_trades(
    apertium: ApertiumTranslator, job: MakeJob, context: JobContext
) -> None:
    """Rules alone make "Núm.", "Derecho.", "¡Venido encima!" and "¿Señor Herrero?"."""
    made = job("No.", "Right.", "Mr. Smith?", "Fine, go.", "Come on!", "What?", "No, no, no.")
    assert [line.text for line in ShardTranslation(apertium).run(made, context).lines] == [
        "No.",
        "Claro.",
        "¿Señor Smith?",
        "Está bien, vete.",
        "¡Vamos!",
        "¿Qué?",
        "No, no, no.",
    ]
