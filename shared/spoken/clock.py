"""Dates and times of day as they are said."""

import re

from shared.spoken.numbers import agreeing, cardinal, ordinal, year
from shared.spoken.words import Words

_NATIVE_HOURS = ("열두", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두")
_DATIVE = re.compile(r"\b(?:am|vom|zum|beim|dem|den|seit|ab|bis)\s+$")


def date(year_: str, month_: str, day_: str, found: re.Match[str], words: Words) -> str | None:
    """A day in words; None where month or day are out of range."""
    month, day = int(month_), int(day_)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    name, spoken_year = words.months[month - 1], year(year_, words.code)
    number = cardinal(str(day), words.code)
    match words.code:
        case "en":
            return f"{name} {ordinal(day, 'en')}, {spoken_year}"
        case "es":
            return f"{'primero' if day == 1 else number} de {name} de {spoken_year}"
        case "fr":
            return f"{'premier' if day == 1 else number} {name} {spoken_year}"
        case "de":
            ending = "n" if _DATIVE.search(found.string[: found.start()]) else "r"
            return f"{ordinal(day, 'de')}{ending} {name} {spoken_year}"
        case "ko":
            return f"{spoken_year} 년 {name} {number} 일"
        case "ja":
            return f"{spoken_year}年{name}{number}日"
        case "zh":
            return f"{spoken_year}年{name}{number}日"
    return f"{number} {name} {spoken_year}"


def time_of_day(hour: int, minute: int, words: Words) -> str:
    """A time in words."""
    code = words.code
    hours, minutes = cardinal(str(hour), code), cardinal(str(minute), code)
    match code:
        case "en":
            return hours + (f" {minutes}" if minute >= 10 else f" oh {minutes}" if minute else " o'clock")
        case "es":
            return agreeing(hours, "es", feminine=True) + (f" y {minutes}" if minute else "")
        case "fr":
            said = f"{agreeing(hours, 'fr', feminine=True)} {'heure' if hour < 2 else 'heures'}"
            return f"{said} {agreeing(minutes, 'fr', feminine=True)}" if minute else said
        case "de":
            return f"{agreeing(hours, 'de', feminine=False)} Uhr" + (f" {minutes}" if minute else "")
        case "id":
            return f"{hours} lewat {minutes}" if minute else hours
        case "ja":
            return f"{hours}時" + (f"{minutes}分" if minute else "")
        case "ko":
            said = _NATIVE_HOURS[hour] if hour <= 12 else hours
            return f"{said} 시" + (f" {minutes} 분" if minute else "")
    return f"{hours}点" + (f"{minutes}分" if minute else "")
