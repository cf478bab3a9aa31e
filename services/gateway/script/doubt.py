"""How sure a recognizer was of a line, and what is doubtful about a transcript as a whole.

A line is as sure as its worst words, which a mean over all of them hides. Measured with sentences read aloud: lines
with every word right reach at least 0.33 with PocketSphinx and 0.7 with Whisper, lines with a fifth of the words wrong
0.19-0.48 (0.59 with Whisper: such a line may go unnoticed), speech in another language less than 0.16. Whisper is also
sure of words in another language (0.5-0.97, in that language or translated), but hears which language it is.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from statistics import fmean
from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.pipeline import PermanentError, language
from shared.transcript import RemarkKind, Segment, Transcript

DOUBTFUL = 0.3
"""A line below this is worth checking."""
_WORST_SHARE = 4
_HALF = 0.5
_SCRIPTS = {"zh": ("CJK",), "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": ("HANGUL", "CJK")}
_LATIN = ("LATIN",)

DoubtCode = Literal["other_language", "reads_like", "language_unsure", "language_assumed", "poor_recognition"]


class Doubt(BaseModel):
    """Something about a transcript as a whole that a person should know before it is dubbed."""

    code: DoubtCode
    text: str
    mend: str = Field(description="what a person can do about it")


def sureness(words: Iterable[Mapping[str, Any]]) -> float | None:
    """The mean probability of the worst quarter of the words; None if the recognizer gave none."""
    known = sorted(word["probability"] for word in words if word.get("probability") is not None)
    return round(fmean(known[: ceil(len(known) / _WORST_SHARE)]), 4) if known else None


def sureness_of(segment: Segment, spoken: str) -> float | None:
    """How certain it is that a line in the language `spoken` is what was said; None if the recognizer gave no
    probabilities.

    A line that sounds like another language is at most as certain as the probability that it does not, and a text in
    another script has a certainty of 0.
    """
    sure = sureness(word.model_dump() for word in segment.words)
    if sure is None:
        return None
    if segment.language not in (None, spoken) and segment.language_confidence is not None:
        sure = min(sure, round(1 - segment.language_confidence, 4))
    return 0.0 if _is_foreign(segment.text, spoken) else sure


def _is_foreign(text: str, spoken: str) -> bool:
    """Whether most letters belong to scripts that `spoken` is not written in; Latin occurs in texts of all
    languages."""
    scripts = (*_SCRIPTS.get(spoken, ()), *_LATIN)
    letters = [char for char in text if char.isalpha()]
    own = sum(unicodedata.name(char, "").startswith(scripts) for char in letters)
    return bool(letters) and own < _HALF * len(letters)


def doubts(transcript: Transcript, sure: Sequence[float | None], most: float | None) -> list[Doubt]:
    """What is doubtful, most serious first; `sure` has a value for each line.

    `most` is the share of doubtful lines that is tolerated; None: any.
    """
    name = language(transcript.source_language).name
    if other := sounds_like(transcript):
        heard = language_name(other)
        text = f"This may not be {name}: most of it sounds like {heard}."
        return [Doubt(code="other_language", text=text, mend=f"have it heard again as {heard}, or bring subtitles")]
    found = []
    if any(remark.kind is RemarkKind.READS_LIKE for remark in transcript.remarks):
        text = f"The subtitles may not be {name}: they read like another language."
        found.append(
            Doubt(code="reads_like", text=text, mend="say which language they are in, or bring the right file")
        )
    confidence = transcript.source_language_confidence
    if confidence is not None and confidence < _HALF:
        text = f"This may not be {name}: the recognizer was only {confidence:.0%} sure of the language."
        found.append(Doubt(code="language_unsure", text=text, mend="say which language is spoken"))
    number = sum(one is not None and one < DOUBTFUL for one in sure)
    if sure and most is not None and number > most * len(sure):
        if transcript.source_language_assumed:
            text = f"This may not be {name}: nobody said which language it is, and the recognizer knows no other."
            found.append(Doubt(code="language_assumed", text=text, mend="say which language is spoken"))
        text = f"Recognition is poor here: the recognizer was unsure of {number} of {len(sure)} lines."
        mend = "bring subtitles, or choose a better recognition model (`localclip models list`)"
        found.append(Doubt(code="poor_recognition", text=text, mend=mend))
    return found


def sounds_like(transcript: Transcript) -> str | None:
    """The language that most of the speech sounds like, if it is not the one that was transcribed."""
    lasting: Counter[str] = Counter()
    for one in transcript.segments:
        if one.language and (one.language_confidence or 0.0) >= _HALF:
            lasting[one.language] += round(1000 * (one.end_s - one.start_s))
    all_s = sum(round(1000 * (one.end_s - one.start_s)) for one in transcript.segments)
    for code, lasts_s in lasting.most_common(1):
        if code != transcript.source_language and lasts_s > _HALF * all_s:
            return code
    return None


def language_name(code: str) -> str:
    """The name of a language, or its code if it is not among those offered."""
    try:
        return language(code).name
    except PermanentError:
        return f"the language '{code}'"
