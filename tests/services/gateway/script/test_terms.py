"""Which terms and pronunciations go into a job, and when two source texts are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.script.terms import (
    MOST_HOTWORDS,
    Term,
    hotwords,
    merged,
    normalized,
    pronunciations,
    source_hash,
    with_pronunciations,
    with_terms,
)
from shared.messaging import CloneLines, GlossaryTerm, LineToSpeak, Pronunciation, SourceLine, TranslateLines


def test_the_task_wins_over_the_account_and_a_language_over_all() -> None:
    """One rendering per source text, letter by letter."""
    own = [GlossaryTerm(source="cloud", target="nube propia")]
    account = [
        Term("cloud", "nube"),
        Term("engine", "en todas", specific=False),
        Term("engine", "motor"),
        Term("Acme", None, specific=False),
        Term("ACME", "otra"),
    ]
    found = {term.source: term.target for term in merged(own, account)}
    assert found == {"cloud": "nube propia", "engine": "motor", "Acme": None, "ACME": "otra"}


def test_names_are_listened_for_before_terms() -> None:
    """Names that stay as they are first, a task's own before its account's, each once, not more than help."""
    own = [GlossaryTerm(source="cloud", target="nube"), GlossaryTerm(source="Zorblax  Prime", target=None)]
    account = [Term("engine", "motor"), Term("Acme", None), Term("engine", "moteur"), Term("Zorblax Prime", "x")]
    assert hotwords(own, account) == ("Zorblax Prime", "Acme", "cloud", "engine")
    many = [Term(f"term {number}", "x") for number in range(2 * MOST_HOTWORDS)]
    assert len(hotwords(own, many)) == MOST_HOTWORDS


def test_pronunciations_are_of_the_target_text() -> None:
    """A term that is not translated is spoken as its source reads; one for this language counts first."""
    known = pronunciations(
        [
            Term("Acme", None, "Ak mi", specific=False),
            Term("cloud", "nube", "nuve"),
            Term("silent", "callado"),
            Term("Acme", None, "Ac-me"),
        ]
    )
    assert {one.written: one.spoken for one in known} == {"Acme": "Ac-me", "nube": "nuve"}


def test_a_job_gets_what_its_lines_hold() -> None:
    """Across case and line breaks; the others stay at home."""
    line = SourceLine(segment_id="s1", text="The New\n Cloud is here", speaker_id="a", slot_s=1, max_chars=20)
    job = TranslateLines(task_id="t", language="es", attempt=1, source_language="en", lines=(line,))
    terms = [GlossaryTerm(source="new cloud", target="x"), GlossaryTerm(source="engine", target="y")]
    assert [term.source for term in with_terms(job, terms).glossary] == ["new cloud"]
    spoken = LineToSpeak(segment_id="s1", text="La nube de Acme", speaker_id="a", start_s=0, end_s=1)
    clone = CloneLines(task_id="t", language="es", attempt=1, lines=(spoken,))
    known = [Pronunciation(written="Acme", spoken="Akmi"), Pronunciation(written="motor", spoken="mo tor")]
    assert [one.written for one in with_pronunciations(clone, known).pronunciations] == ["Acme"]


@pytest.mark.parametrize(
    "same", ["see you tomorrow", "See you  tomorrow!", '"See you tomorrow..."', "SEE YOU TOMORROW", "See you tomorrow…"]
)
def test_case_spaces_and_marks_around_do_not_matter(same: str) -> None:
    """The memory finds the text again."""
    assert source_hash(same) == source_hash("See you tomorrow.")


@pytest.mark.parametrize("other", ["See you, tomorrow.", "See you tomorrow?", "See you tomorow."])
def test_what_changes_the_meaning_matters(other: str) -> None:
    """Marks inside, questions, letters."""
    assert source_hash(other) != source_hash("See you tomorrow.")


@pytest.mark.parametrize("nothing", ["", " ", "...", "?!", "—"])
def test_a_text_without_words_is_never_kept(nothing: str) -> None:
    """It would be the same as any other."""
    assert source_hash(nothing) is None


@given(st.text(max_size=60))
def test_normalizing_again_changes_nothing(text: str) -> None:
    """So a stored source is found by itself."""
    assert normalized(normalized(text)) == normalized(text)
