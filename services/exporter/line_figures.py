"""The figures of a report for single lines, and their totals."""

from collections.abc import Sequence

from services.exporter.lines import is_dubbed, take_start_s
from shared.messaging import Timeline, TimelineLine
from shared.pipeline import language

_NOT_HEARD = "the takes were not heard again: no recognizer is configured for this language"
_NOT_KNOWN = "what the listener gets wrong of natural speech in this language was never measured: 15 % are assumed"
_ASSUMED_NATURAL = 0.15
"""Small multilingual recognizers get about this share of clear speech wrong, large ones less."""
_NOT_COMPARED = "the takes were not compared with their speakers: no speaker embeddings are at hand"


def lines_of(timeline: Timeline, lufs: Sequence[float | None]) -> list[dict[str, object]]:
    """Every line with its history and its sound; `lufs` are those of the dubbed ones, in order."""
    loud = iter(lufs)
    return [_line(line, next(loud, None) if is_dubbed(line) else None) for line in timeline.lines]


def _line(line: TimelineLine, lufs: float | None) -> dict[str, object]:
    dubbed = is_dubbed(line)
    return {
        "id": line.segment_id,
        "speaker": line.speaker_id,
        "start_s": round(take_start_s(line) if dubbed else line.start_s, 3),
        "length_s": rounded(line.take_duration_s if dubbed else line.end_s - line.start_s, 3),
        "state": str(line.state),
        "dubbed": dubbed,
        "speed": rounded(line.speed, 4),
        "fit": line.fit,
        "decision": line.decision,
        "rounds": line.rounds,
        "origin": line.origin,
        "edited": line.edited,
        "omitted": line.omitted,
        "lufs": rounded(lufs, 2),
        "error_rate": rounded(line.error_rate, 4),
        "similarity": rounded(line.similarity, 4),
        "error_code": line.error_code,
    }


def error_rates(timeline: Timeline, unmeasured: dict[str, str]) -> dict[str, dict[str, float] | None]:
    """`wer` if the language separates words, otherwise `cer`; the other one is undefined.

    `lines` of the `of` dubbed ones were heard. `natural` is the recognizer's error rate for natural speech, `excess`
    what exceeds it.
    """
    spaces = language(timeline.language).spaces
    name, other = ("wer", "cer") if spaces else ("cer", "wer")
    unmeasured[other] = "words are counted in this language" if spaces else "characters are counted in this language"
    rated = [(len(line.text), line.error_rate) for line in timeline.lines if line.error_rate is not None]
    found = None
    if rated:
        total = sum(max(1, length) for length, _ in rated)
        rates = [rate for _, rate in rated]
        mean = sum(max(1, length) * rate for length, rate in rated) / total
        natural = _natural(timeline, name, unmeasured)
        found = {"mean": round(mean, 4), "worst": round(max(rates), 4), "lines": len(rated)}
        found |= {"of": sum(is_dubbed(line) for line in timeline.lines)}
        found |= {"natural": natural, "excess": round(max(0.0, mean - natural), 4)}
    else:
        unmeasured[name] = _NOT_HEARD
    return {name: found, other: None}


def _natural(timeline: Timeline, name: str, unmeasured: dict[str, str]) -> float:
    for engine in timeline.engines:
        if engine.natural_error_rate is not None:
            return engine.natural_error_rate
    unmeasured[f"{name}.natural"] = _NOT_KNOWN
    return _ASSUMED_NATURAL


def similarities(lines: Sequence[TimelineLine], unmeasured: dict[str, str]) -> dict[str, float] | None:
    """How much the takes sound like their speakers, from -1 to 1."""
    values = [line.similarity for line in lines if line.similarity is not None]
    if not values:
        unmeasured["similarity"] = _NOT_COMPARED
        return None
    return {"mean": round(sum(values) / len(values), 4), "worst": round(min(values), 4), "lines": len(values)}


def rounded(value: float | None, digits: int) -> float | None:
    """`value` rounded to so many digits; None stays None."""
    return None if value is None else round(value, digits)
