"""Which glossary terms and pronunciations go into a job, and when two source texts are the same."""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.messaging import CloneLines, GlossaryTerm, LanguageBrief, Pronunciation, TranslateLines

MOST_HOTWORDS = 100


@dataclass(frozen=True)
class Term:
    """A term an account keeps for a language pair; `specific`: for this target language, not for all of them."""

    source: str
    target: str | None = None
    pronunciation: str | None = None
    specific: bool = True


def merged(own: Iterable[GlossaryTerm], account: Iterable[Term]) -> tuple[GlossaryTerm, ...]:
    """The terms of a task and of its account: the task's take precedence, then terms for this target language.

    Terms are the same if their sources are identical: lower case also matches upper case in a text, but upper case does
    not match lower case, so "it" and "IT" are two terms.
    """
    found: dict[str, GlossaryTerm] = {}
    for term in own:
        found.setdefault(_one_line(term.source), term)
    for kept in _specific_first(account):
        found.setdefault(_one_line(kept.source), GlossaryTerm(source=kept.source, target=kept.target))
    return tuple(found.values())


def with_brief_terms(glossary: Sequence[GlossaryTerm], own: LanguageBrief | None) -> tuple[GlossaryTerm, ...]:
    """The terms of the glossaries, then those of the brief that are not among them."""
    known = {term.source for term in glossary}
    added = (GlossaryTerm(source=term.source, target=term.target) for term in (own.terms if own else ()))
    return (*glossary, *(term for term in added if term.source not in known))


def hotwords(own: Iterable[GlossaryTerm], account: Iterable[Term]) -> tuple[str, ...]:
    """What may be said in a video: names that stay as they are before terms, a task's own before its account's.

    Limited to what a recognizer can make use of.
    """
    terms = [*own, *(GlossaryTerm(source=term.source, target=term.target) for term in account)]
    sources = [_one_line(term.source) for term in sorted(terms, key=lambda term: term.target is not None)]
    return tuple(dict.fromkeys(sources))[:MOST_HOTWORDS]


def pronunciations(account: Iterable[Term]) -> tuple[Pronunciation, ...]:
    """How words of the target text are spoken; a term that is not translated appears there unchanged."""
    found: dict[str, Pronunciation] = {}
    for term in _specific_first(account):
        written = term.target or term.source
        if term.pronunciation and _one_line(written) not in found:
            found[_one_line(written)] = Pronunciation(written=written, spoken=term.pronunciation)
    return tuple(found.values())


def with_terms(job: TranslateLines, terms: Sequence[GlossaryTerm]) -> TranslateLines:
    """`job` with those of `terms` that its lines contain: an account may have more than fit into a message."""
    return job.model_copy(update={"glossary": held(terms, (line.text for line in job.lines))})


def held(terms: Sequence[GlossaryTerm], texts: Iterable[str]) -> tuple[GlossaryTerm, ...]:
    """Those of `terms` that occur in the source `texts`."""
    text = _folded(" ".join(texts))
    return tuple(term for term in terms if _folded(term.source) in text)


def with_pronunciations(job: CloneLines, known: Sequence[Pronunciation]) -> CloneLines:
    """`job` with those of `known` that its lines contain."""
    text = _folded(" ".join(line.text for line in job.lines))
    return job.model_copy(update={"pronunciations": tuple(one for one in known if _folded(one.written) in text)})


def _specific_first(terms: Iterable[Term]) -> list[Term]:
    return sorted(terms, key=lambda term: not term.specific)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _folded(text: str) -> str:
    return _one_line(text).casefold()


_MARKS = " .,;:!¡…-–—\"'`´’‘“”«»‹›()[]{}。、「」『』・~"


def normalized(text: str) -> str:
    """`text` without what does not change its meaning: case, width, spaces, and marks at its ends.

    Marks inside stay ("Let's eat, Tom" is not "Let's eat Tom"), and so do question marks at the end, which turn a
    statement into a question.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    bare = folded.strip(_MARKS + "?¿")
    return f"{bare}?" if bare and folded.rstrip(_MARKS).endswith("?") else bare


def source_hash(text: str) -> str | None:
    """The key of a source text; None for one without letters or digits, which is never kept."""
    plain = normalized(text)
    return hashlib.sha256(plain.encode()).hexdigest() if any(map(str.isalnum, plain)) else None
