"""Which glossary terms and pronunciations go into a job, and when two source texts are the same."""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from shared.messaging import BriefTerm, CloneLines, GlossaryTerm, Pronunciation, TranslateLines

MOST_HOTWORDS = 100
E = TypeVar("E")


class Term(NamedTuple):
    """A term an account keeps for a language pair; `specific`: for this target language, not for all of them."""

    source: str
    target: str | None = None
    pronunciation: str | None = None
    specific: bool = True

    @property
    def written(self) -> str:
        """How it stands in the target text: what is not translated appears there unchanged."""
        return self.target or self.source


class Index(Generic[E]):
    """Entries by what is written of them, and which of them a text contains, found without trying each.

    Case and line breaks make no difference; what is written may begin within a word, as in a compound.
    """

    def __init__(self, entries: Iterable[tuple[str, E]] = ()) -> None:
        self._entries = [(_folded(written), entry) for written, entry in entries]
        self._by_start: dict[str, list[int]] = {}
        for at, (written, _) in enumerate(self._entries):
            self._by_start.setdefault(written[:_START], []).append(at)
        self._sizes = sorted({len(start) for start in self._by_start})

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[E]:
        return (entry for _, entry in self._entries)

    def within(self, texts: Iterable[str]) -> list[E]:
        """The entries that occur in `texts`, in their order."""
        text = _folded(" ".join(texts))
        tried = range(len(self._entries)) if len(self._entries) <= _FEW else self._beginning_in(text)
        return [entry for written, entry in map(self._entries.__getitem__, tried) if written in text]

    def _beginning_in(self, text: str) -> list[int]:
        """Positions of the entries whose first characters are in `text`."""
        starts = {text[at : at + size] for size in self._sizes for at in range(len(text) - size + 1)}
        return sorted(at for start in self._by_start.keys() & starts for at in self._by_start[start])


_START = 3  # characters: enough to rule out most terms, few enough that two of Chinese or Japanese are a whole one
_FEW = 50  # entries that are tried in less time than a text is taken apart


@dataclass(frozen=True)
class AccountTerms:
    """What an account keeps for a language pair: by source, and what has a pronunciation by how it is written."""

    said: Index[Term]
    spoken: Index[Term]

    @classmethod
    def of(cls, terms: Sequence[Term]) -> "AccountTerms":
        """The same for `terms`, which count in this order."""
        spoken = ((term.written, term) for term in terms if term.pronunciation)
        return cls(Index((term.source, term) for term in terms), Index(spoken))


class Glossary:
    """The terms that apply to a task in a language: its own, then its account's, then those of its brief.

    An account may have more than fit into a message, so a job gets those that its lines contain. What is the same term
    is so in every text, so they are merged after that.
    """

    def __init__(self, own: Iterable[GlossaryTerm], account: Index[Term], brief: Iterable[BriefTerm] = ()) -> None:
        self._own = Index((term.source, term) for term in own)
        self._account = account
        self._brief = Index((term.source, term) for term in brief)

    def __iter__(self) -> Iterator[GlossaryTerm]:
        return iter(with_brief_terms(merged(self._own, self._account), self._brief))

    def within(self, texts: Iterable[str]) -> tuple[GlossaryTerm, ...]:
        """Those that occur in the source `texts`."""
        said = list(texts)
        return with_brief_terms(merged(self._own.within(said), self._account.within(said)), self._brief.within(said))


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


def with_brief_terms(glossary: Sequence[GlossaryTerm], own: Iterable[BriefTerm]) -> tuple[GlossaryTerm, ...]:
    """The terms of the glossaries, then those of the brief that are not among them."""
    known = {term.source for term in glossary}
    added = (GlossaryTerm(source=term.source, target=term.target) for term in own)
    return (*glossary, *(term for term in added if term.source not in known))


def hotwords(own: Iterable[GlossaryTerm], account: Iterable[Term]) -> tuple[str, ...]:
    """What may be said in a video: names that stay as they are before terms, a task's own before its account's.

    Limited to what a recognizer can make use of.
    """
    terms: list[GlossaryTerm | Term] = [*own, *account]
    sources = [_one_line(term.source) for term in sorted(terms, key=lambda term: term.target is not None)]
    return tuple(dict.fromkeys(sources))[:MOST_HOTWORDS]


def pronunciations(account: Iterable[Term]) -> tuple[Pronunciation, ...]:
    """How words of the target text are spoken; a term that is not translated appears there unchanged."""
    found: dict[str, Pronunciation] = {}
    for term in _specific_first(account):
        if term.pronunciation and _one_line(term.written) not in found:
            found[_one_line(term.written)] = Pronunciation(written=term.written, spoken=term.pronunciation)
    return tuple(found.values())


def with_terms(job: TranslateLines, glossary: Glossary) -> TranslateLines:
    """`job` with the terms that its lines contain."""
    return job.model_copy(update={"glossary": glossary.within(line.text for line in job.lines)})


def with_pronunciations(job: CloneLines, spoken: Index[Term]) -> CloneLines:
    """`job` with the pronunciations of what its lines contain."""
    known = pronunciations(spoken.within(line.text for line in job.lines))
    return job.model_copy(update={"pronunciations": known})


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
