"""Say the same in fewer letters: shorten wordy phrases and drop dispensable pronouns.

For texts of any engine that are too long to be spoken in time. Every rule keeps the meaning and the grammar of the
sentence in any context; there are no rules that need a parser to be safe. Nothing is ever added.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Rule:
    """Replace what `pattern` finds; a sentence that began with a capital still does."""

    pattern: re.Pattern[str]
    shorter: str

    def apply(self, text: str) -> str:
        """Replace every occurrence."""
        return self.pattern.sub(self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        new = found.expand(self.shorter)
        first = _LETTER.search(found[0])
        if first is None or not first[0].isupper():
            return new
        return _LETTER.sub(lambda letter: letter[0].upper(), new, count=1)


def condense(text: str, language: str, kept: Iterable[str] = ()) -> tuple[str, ...]:
    """Shorter texts with the meaning of `text`, the least changed first; none if no rule applies.

    Texts in `kept`, which are names and fixed terms, stay as often as they occur.
    """
    fixed = tuple(kept)
    found: list[str] = []
    current = text
    for rules in _levels(language):
        for rule in rules:
            changed = _tidy(rule.apply(current), current)
            if len(changed) < len(current) and all(changed.count(term) == current.count(term) for term in fixed):
                current = changed
        if current != text and current not in found:
            found.append(current)
    return tuple(found)


def _tidy(text: str, before: str) -> str:
    """Leave one space between words; the first letter keeps its case."""
    text = re.sub(r"\s{2,}", " ", text).strip()
    first, wanted = _LETTER.search(text), _LETTER.search(before)
    if first is None or wanted is None or not wanted[0].isupper():
        return text
    return text[: first.start()] + first[0].upper() + text[first.end() :]


@cache
def _levels(language: str) -> tuple[tuple[Rule, ...], ...]:
    """The rules of a language in the order of their use: phrases first, then omissions that are colloquial."""
    return tuple(tuple(_rule(*pair) for pair in pairs) for pairs in _RULES.get(language, ()))


def _rule(wordy: str, shorter: str) -> Rule:
    """Find whole words; a pattern may also end with a mark or a space."""
    return Rule(re.compile(rf"(?<![\w'’])(?:{wordy})(?:(?<=\w)(?!\w)|(?<=\W))", re.IGNORECASE), shorter)


_START = r"(?<![^.!?…¿¡]\s)(?<![,;:]\s)"
"""In front of the first word of a sentence only."""

_NO_MORE = r"(?! (?:de|del|en|que|of|in|when|that)\b)"
"""After a point in time, unless the sentence goes on to say which."""

_SPANISH_PHRASES = (
    ("a fin de que|con el fin de que|con el objetivo de que", "para que"),
    ("a fin de|con el fin de|con el objetivo de|con el propósito de", "para"),
    ("a pesar del hecho (?:de )?que|a pesar de que", "aunque"),
    ("debido al hecho (?:de )?que|debido a que", "porque"),
    ("en la actualidad|en el momento actual", "ahora"),
    (f"(?:en este momento|en estos momentos){_NO_MORE}", "ahora"),
    (f"(?:en ese|en aquel) (?:momento|tiempo){_NO_MORE}", "entonces"),
    ("el día de hoy|hoy en día|hoy día", "hoy"),
    ("por lo tanto", "por tanto"),
    (f"{_START}(?:sin embargo|no obstante), ", "pero "),
    (f"{_START}el hecho de que", "que"),
    ("tan pronto como", "en cuanto"),
    ("tal y como", "como"),
    ("como por ejemplo", "como"),
    ("con respecto a|acerca de", "sobre"),
    ("con respecto al|acerca del", "sobre el"),
    ("por supuesto que", "claro que"),
    ("además de es[ot]o?,", "además,"),
    ("después de es[ot]o?,", "después,"),
    ("en primer lugar", "primero"),
)
_SPANISH_I = (
    "soy|estoy|voy|doy|he|sé|creo|quiero|tengo|puedo|digo|hago|vengo|pienso|necesito|hablo|vivo|trabajo|veo|conozco|"
    "espero|recuerdo|entiendo|siento|prefiero|supongo"
)
_SPANISH_YOU = "eres|estás|tienes|has|vas|puedes|quieres|sabes|dices|haces|vienes|debes|necesitas|crees|piensas|vives"
_SPANISH_WE = r"(?!(?:últi|próxi|máxi|míni|pri|extre)mos\b)\w*[aeiíáé]mos|somos"
_SPANISH_OBJECTS = r"((?:no )?(?:(?:me|te|se|nos|os|lo|la|le|los|las|les) ){0,2})"
# The verb names its person: only where its form is one of the first or second person and nothing else, and only at the
# start of a sentence, where the pronoun cannot belong to a preposition or to a list.
_SPANISH_PRONOUNS = (
    (rf"{_START}yo {_SPANISH_OBJECTS}({_SPANISH_I})", r"\1\2"),
    (rf"{_START}tú {_SPANISH_OBJECTS}({_SPANISH_YOU})", r"\1\2"),
    (rf"{_START}nosotr[oa]s {_SPANISH_OBJECTS}({_SPANISH_WE})", r"\1\2"),
)

_FRENCH_PHRASES = (
    ("afin de|dans le but de", "pour"),
    ("(?:afin|dans le but) d['’]", "pour "),
    ("en raison du fait que|étant donné que", "puisque"),
    ("(?:en raison du fait|étant donné) qu['’]", "puisqu'"),
    ("à cause du fait que", "parce que"),
    ("à cause du fait qu['’]", "parce qu'"),
    ("en ce qui concerne", "concernant"),
    ("à l['’]heure actuelle|en ce moment même", "maintenant"),
    ("au jour d['’]aujourd['’]hui|à l['’]heure d['’]aujourd['’]hui", "aujourd'hui"),
    ("à ce moment-là|à cet instant-là", "alors"),
    ("par conséquent", "donc"),
    (f"{_START}(?:cependant|toutefois|néanmoins), ", "mais "),
    ("de temps en temps|de temps à autre", "parfois"),
    ("à plusieurs reprises", "plusieurs fois"),
    ("aussitôt que", "dès que"),
    (f"{_START}bien entendu,", "bien sûr,"),
    ("tout d['’]abord|en premier lieu", "d'abord"),
)
_FRENCH_SPOKEN = (
    (rf"{_START}est-ce que (je|tu|il|elle|on|nous|vous|ils|elles)(?=[^.!]*\?)", r"\1"),
    (rf"{_START}est-ce qu['’](il|elle|on|ils|elles)(?=[^.!]*\?)", r"\1"),
)

_ENGLISH_PHRASES = (
    ("in order to|so as to", "to"),
    ("due to the fact that|because of the fact that|owing to the fact that", "because"),
    ("despite the fact that|in spite of the fact that", "although"),
    (f"(?:at this point in time|at the present time|at this moment){_NO_MORE}", "now"),
    (f"(?:at that point in time|at that time){_NO_MORE}", "then"),
    ("in the event that", "if"),
    ("in the near future", "soon"),
    ("for the purpose of", "for"),
    ("with regard to|with respect to", "about"),
    ("a large number of|a great number of", "many"),
    ("(?:is|are|am) able to", "can"),
    ("prior to", "before"),
    ("until such time as", "until"),
    ("each and every", "every"),
    (f"{_START}(?:however|nevertheless|nonetheless), ", "but "),
    ("first of all", "first"),
    ("once again", "again"),
)
_BEFORE_MORE = r"(?= (?:a|an|the|my|your|his|her|our|their|very|so|too|not|\w+ing)\b)"
"""A verb is contracted with its subject only if the clause continues: never in "I know who he is"."""
_BEFORE_VERB = r"(?= (?:be|have|do|go|see|get|make|find|need|take|come|know|say|tell|never|always)\b)"
_ENGLISH_SPOKEN = (
    ("can ?not", "can't"),
    ("(do|does|did|is|are|was|were|has|have|had|would|could|should) not", r"\1n't"),
    ("will not", "won't"),
    (f"(I) am{_BEFORE_MORE}", r"\1'm"),
    (f"(you|we|they) are{_BEFORE_MORE}", r"\1're"),
    (f"(he|she|it|that|there|what|who) is{_BEFORE_MORE}", r"\1's"),
    (f"(I|you|he|she|it|we|they) will{_BEFORE_VERB}", r"\1'll"),
    ("(I|you|we|they) have been", r"\1've been"),
    (f"{_START}let us", "let's"),
)

_RULES: dict[str, Sequence[Sequence[tuple[str, str]]]] = {
    "es": (_SPANISH_PHRASES, _SPANISH_PRONOUNS),
    "fr": (_FRENCH_PHRASES, _FRENCH_SPOKEN),
    "en": (_ENGLISH_PHRASES, _ENGLISH_SPOKEN),
}
