"""Keep what must not be translated: glossary terms, names, numbers.

A line is cut into pieces, some of them fixed. For the engine, a fixed piece becomes a stand-in, a word that it carries
through; afterwards each stand-in must occur exactly once. If that fails, the open pieces are translated alone, which
may cost grammar but never a term.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.translator.names import may_open_sentence, opens_sentence
from shared.messaging import GlossaryTerm
from shared.pipeline import language

_SPACES = re.compile(r"\s+")
_NUMBER = re.compile(r"\d(?:[\d.,:/]*\d)?")
_DIGITS = re.compile(r"\d+")
_LATIN = "[0-9A-Za-zÀ-ɏ]"
"""What must not adjoin a stand-in for it to be a word: letters of its own script, in any language."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a line: with `fixed` None it is open to translation, else `fixed` is what must be in the result."""

    text: str
    fixed: str | None = None

    @property
    def keeps_case(self) -> bool:
        """Whether even the first letter stays: in names and brands, not in a lower-case term."""
        return self.fixed is not None and (self.fixed == self.text or not self.fixed.islower())


@dataclass(frozen=True)
class Masked:
    """A line in the form the engine gets, and what its stand-ins represent."""

    text: str
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Terms:
    """What is fixed in a shard of `source` lines."""

    source: str
    glossary: tuple[GlossaryTerm, ...] = ()
    names: frozenset[str] = frozenset()


def clean(text: str) -> str:
    """One row of composed characters, single spaces, nothing around."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def cut(text: str, terms: Terms, *, numbers: bool = False) -> list[Piece]:
    """Cut `text` at its fixed terms, longest first where they overlap; the pieces' texts join to `text` again."""
    spans: list[tuple[int, int, str]] = []
    for start, end, fixed in _matches(text, terms, numbers):
        if all(end <= other[0] or start >= other[1] for other in spans):
            spans.append((start, end, fixed))
    pieces: list[Piece] = []
    position = 0
    for start, end, fixed in sorted(spans):
        if start > position:
            pieces.append(Piece(text[position:start]))
        pieces.append(Piece(text[start:end], fixed))
        position = end
    if position < len(text):
        pieces.append(Piece(text[position:]))
    return pieces


def mask(pieces: Sequence[Piece], stand_ins: Sequence[str]) -> Masked | None:
    """Replace fixed pieces by stand-ins; None if there are not enough that do not occur in the line itself."""
    text = "".join(piece.text for piece in pieces).lower()
    free = iter([word for word in stand_ins if word.lower() not in text])
    parts: list[str] = []
    kept: list[tuple[str, str]] = []
    for piece in pieces:
        if piece.fixed is None:
            parts.append(piece.text)
            continue
        word = next(free, None)
        if word is None:
            return None
        parts.append(word)
        kept.append((word, piece.fixed))
    return Masked("".join(parts), tuple(kept))


def unmask(translated: str, masked: Masked) -> str | None:
    """Restore the fixed texts; None if a stand-in or a number of the line was lost, duplicated or changed.

    If the line has neither, its translation may have digits: some languages use digits where others spell numbers out.
    """
    numbers = Counter(_DIGITS.findall(masked.text))
    if (numbers or masked.kept) and Counter(_DIGITS.findall(translated)) != numbers:
        return None
    fixed = dict(masked.kept)
    if not fixed:
        return translated
    pattern = re.compile(f"(?<!{_LATIN})(?:{'|'.join(map(re.escape, fixed))})(?!{_LATIN})")
    if sorted(pattern.findall(translated)) != sorted(fixed):
        return None
    return pattern.sub(lambda found: fixed[found[0]], translated)


def piecewise(pieces: Sequence[Piece], translate: Callable[[str], str]) -> str:
    """Translate the open pieces alone, each between its own spaces and marks, and join them with the fixed ones."""
    return "".join(_around(piece.text, translate) if piece.fixed is None else piece.fixed for piece in pieces)


def fixed_terms(text: str, terms: Terms) -> tuple[GlossaryTerm, ...]:
    """What is fixed in `text`, as it occurs there and as it must be in the result."""
    return tuple(GlossaryTerm(source=piece.text, target=piece.fixed) for piece in cut(text, terms) if piece.fixed)


def holds_terms(translated: str, pieces: Sequence[Piece]) -> bool:
    """Whether every fixed text stands in `translated`, in any case and at least once."""
    text = translated.casefold()
    return all(piece.fixed.casefold() in text for piece in pieces if piece.fixed)


def _around(text: str, translate: Callable[[str], str]) -> str:
    letters = [index for index, character in enumerate(text) if character.isalpha()]
    if not letters:
        return text
    start, end = letters[0], letters[-1] + 1
    return text[:start] + translate(text[start:end]) + text[end:]


def _matches(text: str, terms: Terms, numbers: bool) -> Iterator[tuple[int, int, str]]:
    """Every occurrence of every term: the glossary before names before numbers, longer before shorter."""
    spaced = language(terms.source).spaces
    glossary = [(clean(term.source), term.target) for term in terms.glossary if clean(term.source)]
    for term, target in sorted(glossary, key=lambda item: -len(item[0])):
        for match in _pattern(term, spaced, ignore_case=term == term.lower()).finditer(text):
            yield match.start(), match.end(), match[0] if target is None else _in_case_of(target, match[0], term)
    for name in sorted(terms.names, key=lambda item: (-len(item), item)):
        for match in _pattern(name, spaced, ignore_case=False).finditer(text):
            if may_open_sentence(name) or not opens_sentence(text, match.start()):
                yield match.start(), match.end(), match[0]
    if numbers:
        for match in _NUMBER.finditer(text):
            yield match.start(), match.end(), match[0]


def _pattern(term: str, spaced: bool, *, ignore_case: bool) -> re.Pattern[str]:
    """Find a term as a whole word, if the language has spaces between words; lower case matches upper case too."""
    words = term.split(" ")
    before = r"(?<!\w)" if spaced and words[0][:1].isalnum() else ""
    after = r"(?!\w)" if spaced and words[-1][-1:].isalnum() else ""
    return re.compile(before + r"\s+".join(map(re.escape, words)) + after, re.IGNORECASE if ignore_case else 0)


def _in_case_of(target: str, found: str, term: str) -> str:
    """Write a glossary target in the case of the found term: as in the glossary, UPPER CASE or Capitalized."""
    if found == term:
        return target
    if len(found) > 1 and found.isupper():
        return target.upper()
    return target[:1].upper() + target[1:] if found[:1].isupper() and target.islower() else target
