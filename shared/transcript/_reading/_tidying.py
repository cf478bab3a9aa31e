"""What is put right in the cues of a file, whatever its format."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from shared.transcript._cues import Cue
from shared.transcript._reading._remarks import RemarkKind, Remarks
from shared.transcript._reading._sharing import shared_out

MOST_CHARS = 2000
"""Of a cue; a line may be no longer."""
_TOUCH_S = 0.1
_FLASH_S = 0.05
_FEWEST_ROLLS = 3
_ROLLING_SHARE = 0.3
_READ_CHARS_PER_S = 15.0
_SHORTEST_S = 5 / 6
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SCRIPTS = {
    **dict.fromkeys(("en", "fr", "de", "es", "id"), _LATIN),
    "ko": re.compile("[\u1100-\u11ff\uac00-\ud7a3]"),
    "ja": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "zh": re.compile("[\u4e00-\u9fff]"),
}
_MIXED = 0.3
"""Words of another script are quoted in a row; from here on it is not of that language."""
_SENTENCES = re.compile(r"(?<=[.!?。！？…])\s*")

_ELIDED = r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|aujourd|presqu)\?(?=[aeiouyhàâäéèêëîïôöùûüœæ])"
_SHORTENED = r"(?<=n)\?(?=t\b)|(?<=[a-z])\?(?=(?:s|m|d|re|ve|ll)\b)"
_LOST_APOSTROPHE = re.compile(rf"(?:{_ELIDED}|{_SHORTENED})(?!\w*=)", re.IGNORECASE)
"""As in "c?est" and "don?t"; not in an address with "?s=1"."""


def with_apostrophes(cues: Sequence[Cue], remarks: Remarks) -> list[Cue]:
    """Cues with the apostrophes that became question marks where the file was written in an encoding without them."""
    found = []
    for cue in cues:
        if "?" in cue.text and _LOST_APOSTROPHE.search(cue.text):
            remarks.add(RemarkKind.LOST_APOSTROPHE, cue.row)
            right = _LOST_APOSTROPHE.sub(lambda lost: lost.group().replace("?", "'"), cue.text)
            cue = cue.model_copy(update={"text": right})
        found.append(cue)
    return found


def in_order(cues: Sequence[Cue], remarks: Remarks) -> list[Cue]:
    """Cues by the time they begin."""
    latest_s = 0.0
    for cue in cues:
        if cue.start_s < latest_s:
            remarks.add(RemarkKind.ORDER, cue.row)
        latest_s = max(latest_s, cue.start_s)
    return sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


def without_repeats(cues: Sequence[Cue], remarks: Remarks) -> list[Cue]:
    """Each cue once, where layers of a style or careless joining made several of it."""
    seen: set[tuple[float, float, str, str]] = set()
    kept = []
    for cue in cues:
        key = (cue.start_s, cue.end_s, cue.text, cue.speaker)
        if key in seen:
            remarks.add(RemarkKind.REPEATED, cue.row)
        else:
            seen.add(key)
            kept.append(cue)
    return kept


def unrolled(cues: Sequence[Cue], remarks: Remarks, *, word_times: bool) -> list[Cue]:
    """Cues without the rows that the cue before showed already, where the file is one of rolling captions.

    `word_times`: words have times of their own, as live captions do; without that the pattern has to be plain.
    """
    repeated = [0, *(_repeated(before, cue) for before, cue in pairwise(cues))]
    rolls = sum(1 for count in repeated if count)
    if rolls < (1 if word_times else _FEWEST_ROLLS) or rolls < _ROLLING_SHARE * (len(cues) - 1):
        return list(cues)
    kept = []
    for cue, count in zip(cues, repeated, strict=True):
        if not count:
            kept.append(cue)
            continue
        remarks.add(RemarkKind.ROLLING, cue.row)
        if rest := "\n".join(cue.text.split("\n")[count:]):
            kept.append(cue.model_copy(update={"text": rest}))
    return kept


def _repeated(before: Cue, cue: Cue) -> int:
    """How many rows of `cue` are the last ones of the cue before it."""
    if cue.start_s - before.end_s > _TOUCH_S:
        return 0
    shown, rows = before.text.split("\n"), cue.text.split("\n")
    count = next((n for n in range(min(len(shown), len(rows), 4), 0, -1) if shown[-n:] == rows[:n]), 0)
    whole = count == len(rows)
    flash = min(cue.end_s - cue.start_s, before.end_s - before.start_s) <= _FLASH_S
    return count if count and (not whole or flash) else 0


def one_language(cues: Sequence[Cue], language: str | None, remarks: Remarks) -> list[Cue]:
    """Cues with the rows in the script of `language` alone, where most cues have rows in another one too."""
    own = _SCRIPTS.get(language or "")
    if own is None or sum(1 for cue in cues if _is_bilingual(cue, own)) * 2 < len(cues):
        return list(cues)
    found = []
    for cue in cues:
        if _is_bilingual(cue, own):
            remarks.add(RemarkKind.OTHER_LANGUAGE, cue.row)
            rows = [row for row in cue.text.split("\n") if _share(row, own) > _MIXED]
            cue = cue.model_copy(update={"text": "\n".join(rows)})
        found.append(cue)
    return found


def _is_bilingual(cue: Cue, own: re.Pattern[str]) -> bool:
    if "\n" not in cue.text:
        return False
    shares = [_share(row, own) for row in cue.text.split("\n")]
    return max(shares) > 1 - _MIXED and min(shares) < _MIXED


def _share(row: str, script: re.Pattern[str]) -> float:
    """How many of the letters of a row are of a script; without letters it may be of any."""
    letters = [one for one in row if one.isalpha()]
    return sum(1 for one in letters if script.match(one)) / len(letters) if letters else 0.5


def with_lengths(cues: Sequence[Cue], remarks: Remarks) -> list[Cue]:
    """Cues in time order, each with an end after its start: as long as its text is read, up to the next."""
    starts = [cue.start_s for cue in cues]
    found = []
    for cue in cues:
        if cue.end_s > cue.start_s:
            found.append(cue)
            continue
        remarks.add(RemarkKind.NO_LENGTH, cue.row)
        wanted_s = max(_SHORTEST_S, len(cue.text) / _READ_CHARS_PER_S)
        following = bisect_right(starts, cue.start_s)
        room_s = starts[following] - cue.start_s if following < len(starts) else wanted_s
        end_s = cue.start_s + min(wanted_s, max(room_s, _SHORTEST_S))
        found.append(cue.model_copy(update={"end_s": round(end_s, 3)}))
    return found


def short_enough(cues: Sequence[Cue], remarks: Remarks) -> Iterator[Cue]:
    """Cues of at most `MOST_CHARS`, longer ones cut at the ends of sentences."""
    for cue in cues:
        if len(cue.text) <= MOST_CHARS:
            yield cue
            continue
        remarks.add(RemarkKind.TOO_LONG, cue.row)
        yield from shared_out([cue.model_copy(update={"text": text}) for text in _cut(cue.text)])


def _cut(text: str) -> list[str]:
    found: list[str] = []
    for sentence in filter(None, _SENTENCES.split(" ".join(text.split()))):
        if found and len(found[-1]) + 1 + len(sentence) <= MOST_CHARS:
            found[-1] += " " + sentence
        else:
            found += _pieces(sentence)
    return found


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence, cut at spaces where it alone is too long."""
    first = 0
    while len(sentence) - first > MOST_CHARS:
        place = sentence.rfind(" ", first + 1, first + MOST_CHARS + 1)
        place = place if place > 0 else first + MOST_CHARS
        yield sentence[first:place]
        first = place + 1 if sentence[place] == " " else place  # there is one space between words
    if first < len(sentence):
        yield sentence[first:]
