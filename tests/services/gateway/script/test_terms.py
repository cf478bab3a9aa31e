"""Which terms and pronunciations go into a job, and when two source texts are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.script.terms import (
    MOST_HOTWORDS,
    AccountTerms,
    Glossary,
    Term,
    hotwords,
    merged,
    normalized,
    pronunciations,
    source_hash,
    with_brief_terms,
    with_pronunciations,
    with_terms,
)
from shared.messaging import (
    BriefTerm,
    CloneLines,
    GlossaryTerm,
    LineToSpeak,
    Pronunciation,
    SourceLine,
    TranslateLines,
)


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
    glossary = Glossary(
        [GlossaryTerm(source="new cloud", target="x"), GlossaryTerm(source="engine", target="y")],
        AccountTerms.of([Term("the new", "z"), Term("clouds", "z")]).said,
    )
    assert [term.source for term in with_terms(job, glossary).glossary] == ["new cloud", "the new"]
    spoken = LineToSpeak(segment_id="s1", text="La nube de Acme", speaker_id="a", start_s=0, end_s=1)
    clone = CloneLines(task_id="t", language="es", attempt=1, lines=(spoken,))
    known = AccountTerms.of([Term("Acme", None, "Akmi"), Term("engine", "motor", "mo tor"), Term("la", None)]).spoken
    assert with_pronunciations(clone, known).pronunciations == (Pronunciation(written="Acme", spoken="Akmi"),)


_SOURCES = st.text("abI İßéＡ東京都 \n", min_size=1, max_size=5)
_TERMS = st.builds(Term, _SOURCES, st.none() | _SOURCES, st.none() | _SOURCES, st.booleans())


@given(
    st.lists(st.builds(GlossaryTerm, source=_SOURCES, target=st.none() | _SOURCES), max_size=4),
    st.lists(_TERMS, max_size=12),
    st.lists(st.builds(BriefTerm, source=_SOURCES, target=_SOURCES), max_size=4),
    st.lists(st.text("abI İßéＡ東京都 \n", max_size=40), max_size=3),
    st.booleans(),
)
def test_terms_are_found_as_if_each_was_tried(
    own: list[GlossaryTerm], account: list[Term], brief: list[BriefTerm], texts: list[str], many: bool
) -> None:
    """In any writing, within words and across lines, few terms or many; what is the same term counts once."""
    if many:
        account = account + [Term(f"{number:03} of many", None, "x") for number in range(60)]
    text, known = _folded(" ".join(texts)), AccountTerms.of(account)
    glossary = Glossary(own, known.said, brief)
    every = with_brief_terms(merged(own, account), brief)
    assert tuple(glossary) == every
    assert glossary.within(texts) == tuple(term for term in every if _folded(term.source) in text)
    spoken = tuple(one for one in pronunciations(account) if _folded(one.written) in text)
    assert pronunciations(known.spoken.within(texts)) == spoken


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


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
