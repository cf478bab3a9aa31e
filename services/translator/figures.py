"""Write the figures of a line as the target language does: "$1,250.50" is "1.250,50 $" in Spanish.

Only what stands in the translation exactly as in the source is written anew: an engine that did it already is right.
Dates in figures stay, because nobody knows which of 03/04 is the month.
"""

import re
from dataclasses import dataclass

_NARROW = "\u202f"
_FIXED = "\u00a0"
_SIGNS = "$€£¥₩"


@dataclass(frozen=True)
class _Style:
    """How numbers are written: between thousands, before decimals, and what stands between a number and its sign."""

    group: str
    point: str
    sign_after: bool = False
    before_percent: str = ""


_STYLES = {
    "en": _Style(",", "."),
    "ja": _Style(",", "."),
    "ko": _Style(",", "."),
    "zh": _Style(",", "."),
    "id": _Style(".", ","),
    "es": _Style(".", ",", sign_after=True, before_percent=_FIXED),
    "de": _Style(".", ",", sign_after=True, before_percent=_FIXED),
    "fr": _Style(_NARROW, ",", sign_after=True, before_percent=_FIXED),
}
_SCALE = re.compile(r"\s*[^\W\d_]*(?:mil|Mio|Mrd|trill|ribu|juta|triliun|百|千|万|億|亿|만|억)", re.IGNORECASE)


def written(text: str, source_text: str, source: str, target: str) -> str:
    """`text`, a translation of `source_text`, with its figures as they are written in `target`."""
    old, new = _STYLES.get(source), _STYLES.get(target)
    if old is None or new is None or old == new or not any(map(str.isdigit, text)):
        return text
    numbers = sorted(set(_pattern(old).findall(source_text)), key=len, reverse=True)
    for number in numbers:
        exact = re.compile(rf"(?<![\d.,:/]){re.escape(number)}(?![\d]|[.,:/]\d)")
        text = exact.sub(_rewritten(number, old, new), text)
    if new.sign_after:
        text = _with_signs_after(text, source_text)
    if new.before_percent != old.before_percent:
        text = re.sub(r"(?<=\d)\s*(?=%|°[CF]\b)", new.before_percent, text)
    return text


def _pattern(style: _Style) -> re.Pattern[str]:
    """Numbers of the language with thousands or decimals set apart; no versions, dates or times."""
    group = r"[ \u00a0\u202f]" if style.group == _NARROW else re.escape(style.group)
    point = re.escape(style.point)
    return re.compile(rf"(?<![\d.,:/])(?:\d{{1,3}}(?:{group}\d{{3}})+(?:{point}\d+)?|\d+{point}\d+)(?![\d]|[.,:/]\d)")


def _rewritten(number: str, old: _Style, new: _Style) -> str:
    whole, point, decimals = number.partition(old.point)
    groups = re.split(r"\D", whole)
    return new.group.join(groups) + (new.point + decimals if point else "")


def _with_signs_after(text: str, source_text: str) -> str:
    """Move signs of money behind their numbers, but for millions, whose word stands there."""
    if not re.search(rf"[{_SIGNS}]\s?\d", source_text):
        return text

    def moved(found: re.Match[str]) -> str:
        if _SCALE.match(text, found.end()):
            return found[0]
        return f"{found['number']}{_FIXED}{found['sign']}"

    return re.sub(rf"(?P<sign>[{_SIGNS}])\s?(?P<number>\d[\d.,{_NARROW}]*\d|\d)", moved, text)
