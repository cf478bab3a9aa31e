"""Find what looks like a proper name: capitalized words inside a sentence.

Cautious on purpose: a missed name may get translated, but a word wrongly taken for one stays untranslated. The engine's
dictionary decides whether a word found here is a name, except after a title.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LANGUAGES = frozenset({"en", "es", "fr", "id"})
"""Languages in which capitals inside a sentence mark names; German capitalizes all nouns, others have no capitals."""

_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")
_POSSESSIVE = re.compile(r"['’]s$")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;]|[\"“”«»‘(\[¿¡♪–—]|(?:^|\s)[-'*])\s*$")
_BETWEEN = re.compile(r"\s+")
_AFTER_TITLE = re.compile(r"\.?\s+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    "mr mrs ms miss dr prof sir lady lord madam sr sra srta don doña señor señora señorita m mme mlle monsieur madame "
    "mademoiselle president doctor professor captain king queen prince princess uncle aunt judge officer general "
    "colonel major inspector detective sergeant senator saint st presidente docteur professeur roi reine"
)
_CERTAIN_TITLES = _words("mr mrs ms miss dr prof sr sra srta señor señora señorita mme mlle")
_ALSO_WORDS = _words(
    "will may mark rose bill chase grant drew sue frank art grace hope faith rich pat rob jack guy young long"
)
"""Names that open a sentence as ordinary words more often than as names."""

_SMALL = _words("a an the of and or nor but in on at to for by with from as de la le les du des et y el los en à")


@dataclass(frozen=True)
class Found:
    """Names by certainty: `certain` ones follow a title, `likely` ones are capitalized inside a sentence."""

    certain: frozenset[str]
    likely: frozenset[str]


def find_names(texts: Iterable[str], language: str) -> Found:
    """Collect what looks like a name in lines of one language."""
    certain: set[str] = set()
    likely: set[str] = set()
    if language in _LANGUAGES:
        for text in texts:
            for name, after_title in _runs(text):
                (certain if after_title else likely).add(name)
    return Found(frozenset(certain), frozenset(likely - certain))


def may_open_sentence(name: str) -> bool:
    """Whether `name`, found inside a sentence elsewhere, counts as a name at the start of one too."""
    return name.lower() not in _ALSO_WORDS


def opens_sentence(text: str, start: int) -> bool:
    """Whether a word at `start` begins a sentence, where a capital means nothing."""
    before = text[:start]
    words = _WORD.findall(before[-12:])
    if words and words[-1].lower() in _CERTAIN_TITLES and before.rstrip().rstrip(".").endswith(words[-1]):
        return False
    return _SENTENCE_START.search(before) is not None


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of capitalized words inside sentences, each with whether a title precedes it."""
    words = list(_WORD.finditer(text))
    mixed = _mixes_case(words)
    run: tuple[int, int] | None = None
    after_title = False
    for word in words:
        bare = _POSSESSIVE.sub("", word[0])
        end = word.start() + len(bare)
        if run and _is_capitalized(bare) and _BETWEEN.fullmatch(text, run[1], word.start()):
            run = (run[0], end)
        else:
            if run:
                yield text[slice(*run)], after_title
            run = None
            title = _title_before(text, word.start())
            certain = title in _CERTAIN_TITLES
            if _is_capitalized(bare) and (certain or (mixed and (title or not opens_sentence(text, word.start())))):
                run, after_title = (word.start(), end), certain
        if run and bare != word[0]:  # nothing continues a name after its possessive
            yield text[slice(*run)], after_title
            run = None
    if run:
        yield text[slice(*run)], after_title


def _is_capitalized(word: str) -> bool:
    """Whether a word is a capital followed by lower case, and neither a title nor the English "I" or its
    contractions."""
    special = word.lower() in _TITLES or re.match(r"I['’]", word)
    return word[0].isupper() and any(letter.islower() for letter in word) and not special


def _mixes_case(words: list[re.Match[str]]) -> bool:
    """Whether capitals mean something: not in headings, which capitalize all but the smallest words."""
    return any(word[0][0].islower() and word[0] not in _SMALL for word in words)


def _title_before(text: str, start: int) -> str | None:
    words = list(_WORD.finditer(text, 0, start))
    if words and words[-1][0].lower() in _TITLES and _AFTER_TITLE.fullmatch(text, words[-1].end(), start):
        return words[-1][0].lower()
    return None
