"""Rules from the written to the spoken form, most specific first; later rules do not see the output of earlier ones."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from shared.spoken.clock import date, time_of_day
from shared.spoken.numbers import agreeing, by_digit, cardinal, counted, decimal, ordinal, year
from shared.spoken.words import WORDS, Words

Found = re.Match[str]
_ANY_SPACE = "[ \u00a0\u202f]"
_ADDRESS_END = r"(?:com|org|net|edu|gov|info|io|ai|dev|app|tv|me|co|de|fr|es|jp|kr|cn|id|uk|eu|us|ca|br|mx)"
_YEAR_AFTER = {
    "en": ("in", "since", "by", "until", "till", "from", "year", "during", "before", "after", "around", "early", "late")
}
_FIRST, _LAST = 0xE100, 0xF8FF
_WAIT = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
"""Placeholders for a rule's words until all rules are done: private use characters, which no text contains."""
_LETTER = "A-Za-zÀ-ɏ"
"""What may not adjoin a sign or a unit: a letter of its own script; Japanese and Korean attach particles."""


@dataclass(frozen=True)
class Rule:
    """What is written, and how it is said; None leaves it to later rules."""

    pattern: re.Pattern[str]
    say: Callable[[Found], str | None]


def spoken_form(text: str, code: str) -> str:
    """`text` of the language `code` with everything but letters written out as it is read aloud."""
    words = WORDS.get(code)
    if words is None or not _NEEDS.search(text):
        return text
    said: list[str] = []
    text = _WAIT.sub("", text)
    for rule in _rules(code):
        text = rule.pattern.sub(lambda found, say=rule.say: _kept(found, say, said, spaces=words.spaces), text)  # type: ignore[misc]
    text = _WAIT.sub(lambda found: said[ord(found[0]) - _FIRST], text)
    return re.sub(r" {2,}", " ", text).strip()


_NEEDS = re.compile(r"[\d.@/&+=×÷§±≈≤≥½_#nN]|[^\W\d_][A-Z]")


def _kept(found: Found, say: Callable[[Found], str | None], said: list[str], *, spaces: bool) -> str:
    """Set the words aside; they stay separate words, even next to a letter."""
    words = say(found)
    if words is None or _FIRST + len(said) > _LAST:
        return found[0]
    said.append(words)
    mark = chr(_FIRST + len(said) - 1)
    if not spaces:
        return mark
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return (" " if _is_word(before) else "") + mark + (" " if _is_word(after) else "")


def _is_word(character: str) -> bool:
    """Whether a word would merge with it; Korean particles belong to the word before them."""
    return _WAIT.match(character) is not None or (character.isalnum() and not "가" <= character <= "힣")


@cache
def _rules(code: str) -> tuple[Rule, ...]:
    return tuple(_all_rules(WORDS[code]))


def _all_rules(words: Words) -> Iterator[Rule]:
    yield from _addresses(words)
    yield from _abbreviations(words)
    yield from _dates_and_times(words)
    yield from _quantities(words)
    yield from _plain_numbers(words)
    yield from _signs(words)
    yield Rule(re.compile(r"\d+"), lambda found: cardinal(found[0], words.code))


def number_pattern(words: Words) -> str:
    """A number of the language, with thousands and decimals in groups `whole` and `part`; the American form is matched
    too."""
    group = f"[{re.escape(words.group)}]"
    point = re.escape(words.point)
    return (
        rf"(?<![\d.,])(?P<minus>(?<![\w])[-−–](?=\d))?(?:(?P<us>\d{{1,3}}(?:,\d{{3}})+\.\d+)|"
        rf"(?P<whole>\d{{1,3}}(?:{group}\d{{3}})+(?!\d)|\d+)(?:[{point}.](?P<part>\d+)(?![.,]\d))?)(?![\d])"
    )


def read_number(found: Found, words: Words) -> tuple[str, str]:
    """The digits before and after the point of a number found by `number_pattern`."""
    if found["us"]:
        whole, _, part = found["us"].partition(".")
        return whole.replace(",", ""), part
    return re.sub(r"\D", "", found["whole"]), found["part"] or ""


def say_number(found: Found, words: Words) -> str:
    """A number in words, with its sign."""
    whole, part = read_number(found, words)
    said = decimal(whole, part, words) if part else cardinal(whole, words.code)
    space = " " if words.spaces else ""
    return f"{words.minus}{space}{said}" if found["minus"] else said


def _addresses(words: Words) -> Iterator[Rule]:
    space = " " if words.spaces else ""

    def say(found: Found) -> str:
        text = re.sub(r"^(?:https?://)?(?:www\.)?", "", found[0]).rstrip("/")
        names = {".": words.dot, "/": words.slash, "@": words.at, "-": words.dash, "_": words.underscore}
        parts = re.findall(r"[^\W\d_]+|\d+|[./@_-]", text)
        spoken = (cardinal(part, words.code) if part.isdecimal() else names.get(part, part) for part in parts)
        return (space or " ").join(spoken)

    ascii_ = re.ASCII | re.IGNORECASE
    yield Rule(re.compile(r"(?:https?://|www\.)[^\s<>\"'()（）。、，]*[\w/]", ascii_), say)
    yield Rule(re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+", ascii_), say)
    yield Rule(re.compile(rf"\b(?:[a-z0-9-]+\.)+{_ADDRESS_END}\b(?:/[\w./-]*\w)?", ascii_), _unless_capital(say))


def _unless_capital(say: Callable[[Found], str]) -> Callable[[Found], str | None]:
    """A sentence without a space after its full stop ("ends.It") is not a web address."""
    return lambda found: None if re.search(r"\.[A-Z]", found[0]) else say(found)


def _abbreviations(words: Words) -> Iterator[Rule]:
    for short, long in sorted(words.short.items(), key=lambda item: -len(item[0])):
        if short in words.scales:
            continue
        spaced = re.escape(short).replace(r"\ ", f"{_ANY_SPACE}?")
        after = r"(?=\s*\d)" if long == words.number else "" if short[-1] in "./" else r"(?!\w)"
        yield Rule(re.compile(rf"(?<![\w.]){spaced}{after}"), lambda found, long=long: _with_stop(found, long))  # type: ignore[misc]
    if words.code == "en":
        yield Rule(re.compile(r"\b(?:[A-Z]\.){2,}"), lambda found: " ".join(found[0].replace(".", " ").split()))


def _with_stop(found: Found, long: str) -> str:
    """The full stop of an abbreviation at the end of a sentence still ends it."""
    rest = found.string[found.end() :]
    return long + "." if found[0].endswith(".") and not rest.strip() else long


def _dates_and_times(words: Words) -> Iterator[Rule]:
    yield Rule(
        re.compile(r"(?<![\d.,/-])(\d{4})-(\d{1,2})-(\d{1,2})(?![\d-])"),
        lambda found: date(found[1], found[2], found[3], found, words),
    )
    yield Rule(
        re.compile(r"(?<![\d.,/-])(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?![\d/])"),
        lambda found: date(found[1], found[2], found[3], found, words),
    )

    def short_first(found: Found) -> str | None:
        month, day = (found[1], found[2]) if words.order == "mdy" else (found[2], found[1])
        if int(month) > 12:
            month, day = day, month
        return date(found[3], month, day, found, words)

    yield Rule(re.compile(r"(?<![\d.,/-])(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?![\d/-])"), short_first)
    clock = r"(?<![\d.,:/])([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?![\d:])"
    suffix = {"de": r"(?:\s*Uhr\b)?", "fr": r"(?:\s*h\b)?", "es": r"(?:\s*(?:h|hs|hrs)\b\.?)?"}.get(words.code, "")
    yield Rule(re.compile(clock + suffix), lambda found: time_of_day(int(found[1]), int(found[2]), words))
    if words.code == "fr":
        hours = re.compile(r"(?<![\d.,:/])([01]?\d|2[0-4]) ?h ?([0-5]\d)?(?![\w])")
        yield Rule(hours, lambda found: time_of_day(int(found[1]), int(found[2] or 0), words))
    if words.code == "de":
        yield Rule(
            re.compile(r"(?<![\d.,])(\d{1,2})\. (?=(?:" + "|".join(words.months) + r")\b)"),
            lambda found: ordinal(int(found[1]), "de") + "r ",
        )


def _quantities(words: Words) -> Iterator[Rule]:
    number = number_pattern(words)
    scales = "|".join(map(re.escape, sorted(words.scales, key=len, reverse=True)))
    scale = rf"(?:{_ANY_SPACE}(?P<scale>{scales})(?![{_LETTER}]))?" if scales else "(?P<scale>(?!))?"
    signs = "|".join(re.escape(sign) for sign in sorted(words.money, key=len, reverse=True))

    def money(found: Found) -> str:
        return _money(found, words)

    yield Rule(re.compile(rf"(?<![{_LETTER}])(?P<sign>{signs}){_ANY_SPACE}?{number}{scale}"), money)
    yield Rule(re.compile(rf"{number}{scale}{_ANY_SPACE}?(?P<sign>{signs})(?![{_LETTER}])"), money)
    yield Rule(re.compile(rf"{number}{_ANY_SPACE}?[%％]"), lambda found: _percent(found, words))
    units = "|".join(re.escape(unit) for unit in sorted(words.units, key=len, reverse=True))

    def unit(found: Found) -> str | None:
        if len(found["unit"]) == 1 and found["unit"].isalpha() and not found["space"] and found["unit"] not in "hmgls":
            return None  # "5V" of a list, "221B"
        said, noun = say_number(found, words), words.units[found["unit"]]
        return counted(said, noun, words, one=_is_one(found, words))

    yield Rule(re.compile(rf"{number}(?P<space>{_ANY_SPACE})?(?P<unit>{units})(?![{_LETTER}\d/²³])"), unit)


def _percent(found: Found, words: Words) -> str:
    said = say_number(found, words)
    return words.percent + said if words.code == "zh" else said + (" " if words.spaces else "") + words.percent


def _money(found: Found, words: Words) -> str:
    whole, part = read_number(found, words)
    noun, cent = words.money[found["sign"]]
    if found["scale"]:
        joint = " de " if words.code in ("es", "fr") and found["scale"] not in ("mil", "mille") else " "
        return f"{say_number(found, words)} {words.short.get(found['scale'], found['scale'])}{joint}{noun.many}"
    if cent is None or len(part) not in (0, 2):
        return counted(say_number(found, words), noun, words, one=_is_one(found, words))
    said = counted(cardinal(whole, words.code), noun, words, one=whole == "1")
    if part and part != "00":
        cents = part.lstrip("0")
        said += words.join_cents + counted(cardinal(cents, words.code), cent, words, one=cents == "1")
    return f"{words.minus} {said}" if found["minus"] else said


def _is_one(found: Found, words: Words) -> bool:
    whole, part = read_number(found, words)
    return whole == "1" and not part


def _plain_numbers(words: Words) -> Iterator[Rule]:
    code, number = words.code, number_pattern(words)
    yield Rule(re.compile(r"(?<!\d)½"), lambda _: words.half)
    if code == "en":
        yield Rule(re.compile(r"(?<![\d.,])(\d{1,6})(?:st|nd|rd|th)\b"), lambda found: ordinal(int(found[1]), code))
    if code == "es":
        endings = {"º": "", "ª": "a", "er": "r"}
        yield Rule(
            re.compile(r"(?<![\d.,])(\d{1,2})\.?(º|ª|er)(?!\w)"),
            lambda found: _spanish_ordinal(int(found[1]), endings[found[2]]),
        )
    if code == "fr":
        yield Rule(
            re.compile(r"(?<![\d.,])1(er|re|ère)\b"), lambda found: "premier" if found[1] == "er" else "première"
        )
        yield Rule(re.compile(r"(?<![\d.,])(\d{1,4})(?:e|ème)\b"), lambda found: ordinal(int(found[1]), code))
    if code == "id":
        yield Rule(re.compile(r"\bke-(\d{1,4})\b"), lambda found: ordinal(int(found[1]), code))
    yield Rule(re.compile(r"(?:#|№)\s?(\d+)"), lambda found: f"{words.number} {cardinal(found[1], code)}")
    yield Rule(re.compile(r"\b[vV]?(\d+(?:\.\d+){2,})\b"), lambda found: _dotted(found[1], words))
    yield Rule(
        re.compile(r"(?<![\w.,-])(\d{2,4}(?:-\d{3,4}){1,3})(?![\w-])"), lambda found: _in_groups(found[1], words)
    )
    joint = f" {words.to} " if words.spaces else words.to
    yield Rule(
        re.compile(r"(?<![\w.,–-])(\d{1,4})\s?[-–~～]\s?(\d{1,4})(?![\w.,–-])"),
        lambda found: joint.join(cardinal(part, code) for part in found.groups()),
    )
    yield Rule(re.compile(r"(?<![\d.,])((?:1[1-9]|20)\d\d)(?=s\b|\b)(?![.,]\d)"), lambda found: _year(found, words))
    yield Rule(re.compile(number), lambda found: _number_before_noun(found, words))


def _spanish_ordinal(number: int, ending: str) -> str:
    said = ordinal(number, "es")
    if ending == "a":
        return re.sub(r"o\b", "a", said)
    return re.sub(r"(primer|tercer)o$", r"\1", said) if ending == "r" else said


def _dotted(text: str, words: Words) -> str:
    space = " " if words.spaces else ""
    return f"{space}{words.dot}{space}".join(cardinal(part, words.code) for part in text.split("."))


def _in_groups(text: str, words: Words) -> str:
    return ", ".join(by_digit(part, words.code) for part in text.split("-"))


def _year(found: Found, words: Words) -> str | None:
    """English and German years are said differently from numbers; elsewhere there is no difference."""
    before = re.findall(r"[^\W\d_]+", found.string[: found.start()].lower())[-1:]
    known = _YEAR_AFTER.get(words.code)
    if known is None or not before or before[0] not in known:
        return None
    return year(found[1], words.code)


def _number_before_noun(found: Found, words: Words) -> str:
    said = say_number(found, words)
    if found["part"] or found["us"] or words.code not in ("es", "fr", "de"):
        return said
    rest = found.string[found.end() :]
    if not re.match(r"\s+[^\W\d_]{3,}", rest):
        return said
    if words.code == "es":
        return agreeing(said, "es", feminine=bool(re.match(r"\s+[^\W\d_]+as?\b(?<!ías)", rest)))
    return said


def _signs(words: Words) -> Iterator[Rule]:
    space = " " if words.spaces else ""
    for short in words.scales:
        if long := words.short.get(short):
            yield Rule(re.compile(re.escape(short)), lambda found, long=long: _with_stop(found, long))  # type: ignore[misc]
    for sign, said in words.signs.items():
        around = (
            rf"(?<=[\w\s\ue100-\uf8ff]){re.escape(sign)}(?=[\w\s\ue100-\uf8ff])" if sign in "+=" else re.escape(sign)
        )
        yield Rule(re.compile(around), lambda _, said=said: f"{space}{said}{space}")  # type: ignore[misc]
    if words.spaces:
        yield Rule(re.compile(r"(?<=[^\W_])\(\)"), lambda _: "")
        yield Rule(re.compile(r"(?<=[^\W_])_+(?=[^\W_])"), lambda _: " ")
        yield Rule(re.compile(r"(?<=[a-z])(?=[A-Z][a-z]+\w*\(\))"), lambda _: " ")
