"""Other texts for lines that do not fit."""

import pytest

from services.translator.engines.apertium import ApertiumTranslator
from services.translator.handlers import translate_lines
from services.translator.rewriting import ShardRewriting
from shared.messaging import RESULT, GlossaryTerm, JobContext, KeptEngines, LinesRewritten, LineToRewrite, RewriteLines
from shared.pipeline import Canceled
from tests.services.translator.conftest import VerboseTranslator


def line(
    source: str, text: str, low: int = 1, high: int = 20, tried: tuple[str, ...] = (), n: int = 1
) -> LineToRewrite:
    return LineToRewrite(
        segment_id=f"s{n:04}",
        source_text=source,
        text=text,
        revision=n + 3,
        natural_s=3.0,
        room_s=2.0,
        min_chars=low,
        max_chars=high,
        tried=tried,
    )


def job(*lines: LineToRewrite, glossary: tuple[GlossaryTerm, ...] = ()) -> RewriteLines:
    return RewriteLines(
        task_id="t", language="es", attempt=2, source_language="en", lines=lines, shard="fit-1-4", glossary=glossary
    )


def candidates(engine: VerboseTranslator, context: JobContext, *lines: LineToRewrite) -> list[tuple[str, ...]]:
    return [found.candidates for found in ShardRewriting(engine).run(job(*lines), context).lines]


def test_an_engine_is_asked_for_the_length_that_fits(context: JobContext) -> None:
    """What was tried, and what is no nearer to that length, is not offered; the engine's order is kept."""
    engine = VerboseTranslator("{} aaaaaaaaaaaaaaaaaaaaaa", "{} bb", "{} cccccccc", "{}" + "d" * 90, rewrites=True)
    asked = line("one", "one aaaaaaaaaaaaaaaaaaaaaa", tried=("one bb",))
    assert candidates(engine, context, asked) == [("one cccccccc",)]
    assert [item.max_chars for passage in engine.passages for item in passage.lines] == [20]


def test_longer_texts_are_found_too(context: JobContext) -> None:
    """For a line that leaves a hole."""
    engine = VerboseTranslator("{}", "{} and more of it", rewrites=True)
    assert candidates(engine, context, line("one", "one", low=15, high=24)) == [("one and more of it",)]


def test_an_engine_that_has_nothing_else_is_not_asked(context: JobContext) -> None:
    """Its text can still be condensed; a line for which there is nothing has no candidates."""
    engine = VerboseTranslator("{}")
    lines = (line("Soon", "Nosotros vamos a fin de que venga."), line("Now", "Ahora." * 9, n=2))
    assert candidates(engine, context, *lines) == [("Nosotros vamos para que venga.", "Vamos para que venga."), ()]
    assert engine.passages == []


def test_terms_and_names_stay(context: JobContext) -> None:
    """In texts of the engine and in condensed ones."""
    engine = VerboseTranslator("{} a fin de que venga", "without it", rewrites=True)
    asked = line("LocalClip", "LocalClip a fin de que venga, por lo tanto " + "x" * 20)
    rewritten = ShardRewriting(engine).run(job(asked, glossary=(GlossaryTerm(source="LocalClip"),)), context)
    assert rewritten.lines[0].candidates
    assert all("LocalClip" in text for text in rewritten.lines[0].candidates)


def test_a_line_that_fails_leaves_the_others(context: JobContext) -> None:
    """It keeps its text."""
    engine = VerboseTranslator("{} b", rewrites=True)
    lines = (line("bad", "x" * 40), line("good", "x" * 40, n=2))
    assert candidates(engine, context, *lines) == [(), ("good b",)]


def test_cancel_stops_between_lines(context: JobContext) -> None:
    """Nothing more is asked of the engine."""
    engine = VerboseTranslator("{}", rewrites=True)
    context.cancel.cancel("enough")
    with pytest.raises(Canceled):
        candidates(engine, context, line("one", "x" * 40))
    assert engine.passages == []


def test_an_engine_of_one_text_can_only_shorten(context: JobContext) -> None:
    """By what it would cut where a take does not fit, whatever length would fit."""
    engine = VerboseTranslator("{}")
    asked = line("Soon", "Vamos a fin de que venga.", high=200)
    assert candidates(engine, context, asked.model_copy(update={"wish": "shorter"})) == [("Vamos para que venga.",)]
    assert candidates(engine, context, asked.model_copy(update={"wish": "longer"})) == [()]


def test_apertium_answers_at_once(apertium: ApertiumTranslator, context: JobContext) -> None:
    """Over the same handler as translations, addressed like the job, with the revision it was asked for."""
    handle = translate_lines(KeptEngines([apertium], lambda _: None))
    asked = job(line("In order to win.", "Sin embargo, a fin de ganar."))
    result = handle(asked, context)
    assert isinstance(result, LinesRewritten)
    assert (result.key(), result.engines) == (asked.key(), ())
    assert [(found.revision, found.candidates) for found in result.lines] == [(4, ("Pero para ganar.",))]
    assert RESULT.validate_json(result.model_dump_json()) == result
    assert context.progress.fraction == 1.0


def test_a_part_of_a_sentence_is_condensed_but_not_translated_by_itself(context: JobContext) -> None:
    """Another translation of "mountains in the" would not fit the lines around it."""
    engine = VerboseTranslator("{}", "{} bb", rewrites=True)
    part = line("and so we", "Nosotros vamos a fin de que venga.").model_copy(update={"is_part": True})
    assert candidates(engine, context, part, line("one", "one and much more of it", n=2)) == [
        ("Nosotros vamos para que venga.", "Vamos para que venga."),
        ("one", "one bb"),
    ]
    assert [item.text for passage in engine.passages for item in passage.lines] == ["one"]
