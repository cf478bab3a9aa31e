"""Numbers in words: num2words for seven languages, a few rules for Chinese, which it does not speak."""

import re

from num2words import num2words

from shared.spoken.words import Noun, Words

_LONGEST = 15
"""The most digits of a number that is read as one; longer ones are serial numbers."""
_HAN = "零一二三四五六七八九"
_SPELLED_OUT = {"en", "de", "id", "ja", "ko", "zh"}
"""Languages that read decimals digit by digit; the others read two of them as a number."""
_OF = {"es": ("millón", "millones", "billón", "billones"), "fr": ("million", "millions", "milliard", "milliards")}


def cardinal(digits: str, code: str) -> str:
    """A cardinal number; digit by digit if it has a leading zero or is too long."""
    if len(digits) > _LONGEST or (len(digits) > 1 and digits.startswith("0")):
        return by_digit(digits, code)
    if code == "zh":
        return _han(int(digits))
    return str(num2words(int(digits), lang=code)).replace(",", "")


def by_digit(digits: str, code: str) -> str:
    """One digit after the other."""
    if code == "zh":
        return "".join(_HAN[int(digit)] for digit in digits)
    joint = "" if code in ("ja", "ko") else " "
    names = ("영" if code == "ko" and digit == "0" else cardinal(digit, code) for digit in digits)
    return joint.join(names)


def decimal(whole: str, decimals: str, words: Words) -> str:
    """A number with its decimals."""
    space = " " if words.spaces else ""
    if words.code in _SPELLED_OUT or len(decimals) > 2 or decimals.startswith("0"):
        after = by_digit(decimals, words.code)
    else:
        after = cardinal(decimals, words.code)
    return space.join((cardinal(whole, words.code), words.point_word, after))


def year(digits: str, code: str) -> str:
    """A year as it is usually said."""
    if code == "zh":
        return by_digit(digits, code)
    if code in ("en", "de"):
        return str(num2words(int(digits), lang=code, to="year"))
    return cardinal(digits, code)


def ordinal(number: int, code: str) -> str:
    """An ordinal number."""
    if code == "zh":
        return "第" + _han(number)
    if code == "ko":
        return cardinal(str(number), code) + "번째"
    return str(num2words(number, lang=code, to="ordinal")).replace(",", "")


def counted(number: str, noun: Noun, words: Words, *, one: bool) -> str:
    """A number in words before a noun, in the form that the noun requires."""
    name = noun.one if one else noun.many
    joint = " de " if number.split(" ")[-1] in _OF.get(words.code, ()) else " "
    if not words.spaces:
        return number + name
    return agreeing(number, words.code, feminine=noun.feminine) + joint + name


def agreeing(number: str, code: str, *, feminine: bool) -> str:
    """`number` in its form before a noun: "un dólar", "una libra", "ein Dollar", "eine Meile"."""
    match code:
        case "es":
            if feminine:
                return re.sub(r"cientos\b", "cientas", re.sub(r"uno$", "una", number))
            return re.sub(r"veintiuno$", "veintiún", re.sub(r"\buno$", "un", number))
        case "fr" if feminine:
            return re.sub(r"\bun$", "une", number)
        case "de":
            return re.sub(r"\beins$", "eine" if feminine else "ein", number)
    return number


def _han(number: int) -> str:
    """A number below 10^16 in Chinese."""
    if number < 10_000:
        text = _below_ten_thousand(number)
    else:
        for exponent, unit in ((12, "兆"), (8, "亿"), (4, "万")):
            if number >= 10**exponent:
                high, low = divmod(number, 10**exponent)
                rest = _han(low) if low else ""
                text = _han(high) + unit + ("零" if low and low < 10 ** (exponent - 1) else "") + rest
                break
    return re.sub(r"^一十", "十", text)


def _below_ten_thousand(number: int) -> str:
    digits = str(number)
    parts: list[str] = []
    for place, digit in zip(range(len(digits) - 1, -1, -1), digits, strict=True):
        if digit == "0":
            parts.append("零")
        else:
            parts.append(_HAN[int(digit)] + ("", "十", "百", "千")[place])
    text = re.sub("零+", "零", "".join(parts))
    return text.rstrip("零") or "零"
