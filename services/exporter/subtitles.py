"""Subtitles of a dub: the lines' text, timed by what is heard."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from services.exporter.lines import heard_span
from services.exporter.spans import Span
from shared.messaging import TimelineLine
from shared.pipeline import LanguageInfo, SubtitleLimits
from shared.transcript import Cue, phrases, wrap_text

_SHORTEST_S = 0.001


@dataclass(frozen=True)
class Second:
    """What a second language says, by segment."""

    language: LanguageInfo
    texts: Mapping[str, str]


@dataclass(frozen=True)
class _Shown:
    """A line being turned into cues: when it is heard and the texts of its cues, in one or two languages."""

    span: Span
    texts: tuple[tuple[str, str], ...]


def shown(lines: Iterable[TimelineLine], *, sdh: bool) -> list[TimelineLine]:
    """The lines that are shown: those describing sounds and music only in subtitles for the hard of hearing."""
    return [line for line in lines if sdh or line.omitted is None or not line.omitted.is_heard]


def layout(
    lines: Iterable[TimelineLine], language: LanguageInfo, length_s: float, second: Second | None = None
) -> list[Cue]:
    """Cues of all lines in time order, none past `length_s`.

    A cue is shown for at least the shortest and at most the longest time allowed, as far as the next line permits; cues
    of different lines overlap only if their speech does. A second language is cut where the first one is.
    """
    ordered = [
        _Shown(Span(span.start_s, min(span.end_s, length_s)), tuple(_pairs(line, span, language, second)))
        for line in lines
        if line.text.strip() and (span := heard_span(line)).start_s < length_s
    ]
    ordered.sort(key=lambda one: one.span)
    cues: list[Cue] = []
    for number, one in enumerate(ordered):
        following = ordered[number + 1].span.start_s if number + 1 < len(ordered) else length_s
        cues += _cues(one, max(one.span.end_s, min(following, length_s)), language.subtitles)
    return sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))


def _cues(one: _Shown, latest_s: float, limits: SubtitleLimits) -> list[Cue]:
    """Divide the time of a line among its texts by their length; `latest_s` is when it must disappear."""
    start_s = one.span.start_s
    wanted_s = max(one.span.end_s - start_s, limits.min_duration_s * len(one.texts))
    end_s = min(start_s + wanted_s, latest_s)
    total, cues = sum(len(text) + len(second) for text, second in one.texts), []
    for text, second in one.texts:
        share_s = (end_s - one.span.start_s) * (len(text) + len(second)) / total
        shown_s = min(share_s, limits.max_duration_s)
        if shown_s >= _SHORTEST_S:
            cues.append(Cue(start_s=start_s, end_s=start_s + shown_s, text=text, second=second))
        start_s += share_s
    return cues


def _pairs(line: TimelineLine, span: Span, language: LanguageInfo, second: Second | None) -> Iterator[tuple[str, str]]:
    """The texts of the cues of a line, with the second language's beside them."""
    texts = _texts(line.text, span, language)
    other = second.texts.get(line.segment_id, "").strip() if second else ""
    if second is None or not other:
        yield from ((text, "") for text in texts)
        return
    others = _texts(other, span, second.language)
    count = max(len(texts), len(others))
    texts, others = _texts(line.text, span, language, count), _texts(other, span, second.language, count)
    yield from zip_longest(texts, others, fillvalue="")


def _texts(text: str, span: Span, language: LanguageInfo, at_least: int = 1) -> list[str]:
    """Cut a line into cue texts that fit on the screen, and a long line into as many as its duration requires."""
    limits = language.subtitles
    rows = wrap_text(text, limits, spaces=language.spaces)
    by_time = -(-(span.end_s - span.start_s) // limits.max_duration_s)
    count = max(at_least, -(-len(rows) // limits.rows), int(min(by_time, len(rows))))
    for parts in range(count, len(text) + 1):
        texts = [wrap_text(part, limits, spaces=language.spaces) for part in _split(text, parts, language)]
        if all(len(part) <= limits.rows for part in texts):
            return ["\n".join(part) for part in texts]
    return ["\n".join(rows[first : first + limits.rows]) for first in range(0, len(rows), limits.rows)]


def _split(text: str, parts: int, language: LanguageInfo) -> list[str]:
    """Cut `text` into `parts` of about equal length, between words where the language has them."""
    pieces = phrases(" ".join(text.split()), spaces=language.spaces)
    if len(pieces) < parts and not language.spaces:
        pieces = list("".join(pieces))  # more cues than phrases, because of the duration
    cut: list[list[str]] = [[] for _ in range(parts)]
    total, done = sum(len(piece) for piece in pieces), 0
    for piece in pieces:
        middle = done + len(piece) / 2
        cut[min(parts - 1, int(middle * parts / total))].append(piece)
        done += len(piece)
    return ["".join(part).strip() for part in cut if part]


def flattened(cues: Sequence[Cue]) -> list[Cue]:
    """The same subtitles without overlaps, for MP4, which shows one at a time: what overlaps is stacked."""
    moments = sorted({_ms(moment) for cue in cues for moment in (cue.start_s, cue.end_s)})
    flat: list[Cue] = []
    active: list[Cue] = []
    waiting = sorted(cues, key=lambda cue: cue.start_s, reverse=True)
    for start, end in pairwise(moments):
        while waiting and _ms(waiting[-1].start_s) <= start:
            active.append(waiting.pop())
        active = [cue for cue in active if _ms(cue.end_s) > start]
        text = "\n".join(cue.shown() for cue in active)
        if not active:
            continue
        if flat and flat[-1].text == text and _ms(flat[-1].end_s) == start:
            flat[-1] = flat[-1].model_copy(update={"end_s": end / 1000})
        else:
            flat.append(Cue(start_s=start / 1000, end_s=end / 1000, text=text))
    return flat


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
