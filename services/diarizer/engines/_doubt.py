"""Whisper's hallucinations: when to recognize again, and what to leave out.

The thresholds are those of its authors (Radford et al. 2022, section 4.5).
"""

import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import inf

from services.diarizer.engines.base import Span
from shared.transcript import Word

_UNSURE = -1.0
_REPETITIVE = 2.4
_SILENT = 0.6
_LONGEST_PHRASE = 12
_REPEATS = 3  # a phrase repeated that often is kept: people do that
_NEAR_S = 0.3  # how far a word may be placed from where it was heard
SURE_WORD = 0.5
_LONG_S = 1.0  # shorter speech in which nothing is heard may be a laugh or a breath
_LONG_PAUSE_S = 1.0
_PHANTOMS = re.compile(
    r"(thank(s| you)( (so|very) much)? for (watching|listening|your attention)|please subscribe( to my channel)?"
    r"|(sub)?titles? by .*|subtitles by the amara\.?org community|transcription by .*|like and subscribe"
    r"|untertitel( der amara\.?org.community|ung.*| im auftrag des zdf.*| von .*)|vielen dank fürs zuschauen"
    r"|sous.titr(es|age).*|merci d.avoir regardé( cette vidéo)?"
    r"|subtítulos (realizados )?por .*|gracias por ver( el video)?|terima kasih (telah|sudah) menonton"
    r"|ご(視聴|清聴)(いただき)?ありがとうございま(した|す)|チャンネル登録(を)?(よろしく)?お願い(いた)?します"
    r"|시청해 ?주셔서 감사합니다|구독과 좋아요.*|字幕(by|由).*"
    r"|(以下|这位|這位)?是普通(话|話)的?(句子)?"  # the prompt for punctuation, repeated
    r"|(请|請)不吝点赞.*|(谢谢|感謝|感谢)(大家)?(收看|观看|觀看))",
    re.IGNORECASE,
)
"""What the subtitles it was trained on contain where nobody speaks."""
_MARKS = re.compile(r"^[\s\W]+|[\s\W]+$")


@dataclass(frozen=True)
class Passage:
    """What was recognized in a chunk, with times from its start, and how certain the model was.

    `avg_logprob` is the mean of the logarithms of the tokens' probabilities, `no_speech_prob` that of silence.
    """

    words: tuple[Word, ...]
    text: str = ""
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0

    @property
    def is_repetitive(self) -> bool:
        """Whether it repeats itself."""
        text = self.text.encode()
        return len(text) / len(zlib.compress(text)) > _REPETITIVE

    @property
    def is_doubtful(self) -> bool:
        """Whether it should be recognized again."""
        silent = self.no_speech_prob > _SILENT and self.avg_logprob < _UNSURE / 2
        return bool(self.words) and (self.avg_logprob < _UNSURE or self.is_repetitive or silent)


def better(first: Passage, again: Passage) -> Passage:
    """The passage to use: nothing if the second found silence, else the less doubtful one."""
    if not again.words:
        return again
    return min((again, first), key=lambda one: (one.is_repetitive, one.is_doubtful, -one.avg_logprob))


def believed(passage: Passage) -> tuple[Word, ...]:
    """Its words without known hallucinations: loops, and phrases in silence."""
    if passage.no_speech_prob > _SILENT and _PHANTOMS.fullmatch(_MARKS.sub("", passage.text)):
        return ()
    return without_loops(passage.words) if passage.is_repetitive else passage.words


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """`words` with phrases that occur more than three times in a row reduced to one; the last may be cut off."""
    texts = [word.text.casefold() for word in words]
    kept: list[Word] = []
    at = 0
    while at < len(words):
        length, times = _loop(texts, at)
        kept += words[at : at + length]
        phrase, at = texts[at : at + length], at + length * times
        if times > 1 and texts[at:] == phrase[: len(texts) - at]:
            break
    return tuple(kept)


def _loop(texts: Sequence[str], at: int) -> tuple[int, int]:
    """Length of the shortest phrase that is repeated from `at` on and how often; (1, 1) for none."""
    for length in range(1, _LONGEST_PHRASE + 1):
        phrase, times = texts[at : at + length], 1
        while texts[at + times * length : at + (times + 1) * length] == phrase:
            times += 1
        if times > _REPEATS:
            return length, times
    return 1, 1


def within_speech(words: Iterable[Word], speech: Sequence[Span]) -> list[Word]:
    """`words` without uncertain ones at times when nobody speaks."""
    kept: list[Word] = []
    number = 0
    for word in words:
        while number < len(speech) and speech[number].end_s + _NEAR_S < word.start_s:
            number += 1
        spoken = number < len(speech) and speech[number].start_s - _NEAR_S <= word.end_s
        if spoken or (word.probability or 0.0) >= SURE_WORD:
            kept.append(word)
    return kept


def unheard(speech: Sequence[Span], words: Sequence[Word]) -> list[tuple[Span, ...]]:
    """Speech of a second and more that no word accounts for, in time order: each time the stretches without a long
    pause between two words, before the first, or after the last.

    Only what is further than `_NEAR_S` from a word counts: words are not placed more accurately.
    """
    ordered = sorted(words, key=lambda word: word.start_s)
    ends = accumulate((word.end_s + _NEAR_S for word in ordered), max, initial=-inf)
    starts = (*(word.start_s - _NEAR_S for word in ordered), inf)
    gaps = (_between(speech, start_s, end_s) for start_s, end_s in zip(ends, starts, strict=True) if start_s < end_s)
    together = (part for gap in gaps for part in _together(gap))
    return [parts for parts in together if sum(part.duration_s for part in parts) >= _LONG_S]


def _between(speech: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """The parts of `speech` between two times."""
    first = bisect_right(speech, start_s, key=lambda span: span.end_s)
    after = bisect_left(speech, end_s, key=lambda span: span.start_s)
    return [Span(max(span.start_s, start_s), min(span.end_s, end_s)) for span in speech[first:after]]


def _together(parts: Sequence[Span]) -> list[tuple[Span, ...]]:
    """`parts` as they are between long pauses."""
    cuts = [at for at in range(1, len(parts)) if parts[at].start_s - parts[at - 1].end_s >= _LONG_PAUSE_S]
    return [tuple(parts[start:end]) for start, end in pairwise([0, *cuts, len(parts)])]
