"""Format the numbers of a line as in the target language: "$1,250.50" is "1.250,50 $" in Spanish.

Only numbers that are in the translation exactly as in the source are changed: if the engine has done it already, it is
right. Numeric dates stay, because it is unknown which part of 03/04 is the month.
"""

import re
from dataclasses import dataclass

_NARROW = "\u202f"
_FIXED = "\u00a0"
_SIGNS = "$€£¥₩"


@dataclass(frozen=True)
class _Style:
    """How numbers are written: the separators of thousands and decimals, and the one between a number and its sign."""

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
    """`text`, a translation of `source_text`, with its numbers formatted as in `target`."""
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
    """Numbers of the language with separators for thousands or decimals; no versions, dates or times."""
    group = r"[ \u00a0\u202f]" if style.group == _NARROW else re.escape(style.group)
    point = re.escape(style.point)
    return re.compile(rf"(?<![\d.,:/])(?:\d{{1,3}}(?:{group}\d{{3}})+(?:{point}\d+)?|\d+{point}\d+)(?![\d]|[.,:/]\d)")


def _rewritten(number: str, old: _Style, new: _Style) -> str:
    whole, point, decimals = number.partition(old.point)
    groups = re.split(r"\D", whole)
    return new.group.join(groups) + (new.point + decimals if point else "")


def _with_signs_after(text: str, source_text: str) -> str:
    """Move currency signs after their numbers, except for millions, where a word follows."""
    if not re.search(rf"[{_SIGNS}]\s?\d", source_text):
        return text

    def moved(found: re.Match[str]) -> str:
        if _SCALE.match(text, found.end()):
            return found[0]
        return f"{found['number']}{_FIXED}{found['sign']}"

    return re.sub(rf"(?P<sign>[{_SIGNS}])\s?(?P<number>\d[\d.,{_NARROW}]*\d|\d)", moved, text)
