"""When finished takes are listened to, which ones, and the jobs for it.

Listening is part of the run that makes the takes, so that an export's report has its figures; but it may fail, and a
dub does not wait long for it: the sweeper gives it up. It is requested only if an available engine understands the
language. It costs at most a tenth of the work on the language: the takes are sorted by how much they are worth hearing,
and the listener stops when its time is up. A person can have the others heard too.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import ceil

from services.gateway.pipeline.units import batches, size_of_text
from services.gateway.script.lines import Line
from services.gateway.script.slots import Span
from shared.messaging import HearTakes, SpeakerVoice, TakeToHear
from shared.pipeline import Lane, LineState

SHARD_LINES = 32
LEAST = 12
"""Takes of a language that are heard in any case: fewer would say nothing about it."""
_SHARE = 0.1
_JOB_LINES = 256
_JOB_S = 60.0
"""The longest a job holds a slot if the time can be shared by several jobs."""


def is_due(jobs: Iterable[tuple[bool, bool]]) -> bool:
    """Whether a run is ready to be listened to, from (listens, still open) of its jobs of all kinds.

    That is once everything that makes or corrects takes has ended, and only one time.
    """
    return not any(listens or is_open for listens, is_open in jobs)


def budget_s(worked_s: float, listened_s: float) -> float:
    """How long takes are listened to after `worked_s` of work on a language, including `listened_s` of listening."""
    return round(max(0.0, _SHARE * (worked_s - listened_s) - listened_s), 3)


def unheard(spans: Iterable[Span], lines: Mapping[str, Line]) -> list[Span]:
    """Those of `spans` whose takes have not been listened to."""
    return [span for span in spans if span.segment_id in lines and _is_new(lines[span.segment_id])]


def worth_hearing(
    spans: Sequence[Span], lines: Mapping[str, Line], unsure: Collection[str], fresh: Collection[str]
) -> list[Span]:
    """`spans` in the order in which their takes are worth hearing.

    Those in `fresh` were made last and come first, then the doubtful ones, then one of each speaker, then the rest.
    Equals are spread over the whole video, so that any first part of the list is a sample of it.
    """
    spread = [spans[index] for index in _spread(len(spans))]
    first = {span.speaker_id: span.segment_id for span in reversed(spread)}

    def rank(span: Span) -> tuple[bool, int, bool]:
        is_first = first[span.speaker_id] == span.segment_id
        return span.segment_id not in fresh, -_doubt(lines[span.segment_id], unsure), not is_first

    return sorted(spread, key=rank)


def _spread(count: int) -> list[int]:
    """The numbers below `count`, each far from its predecessors (van der Corput's sequence)."""
    digits = max(1, (count - 1).bit_length())
    return sorted(range(count), key=lambda number: f"{number:0{digits}b}"[::-1])


def _doubt(line: Line, unsure: Collection[str]) -> int:
    """How likely something is wrong with a take: it is hurried, its source is doubtful, or it has figures to read
    out."""
    hurried = {"overflow": 3, "tight": 2}.get(line.fit or "", 0)
    figures = any(char.isdigit() for char in line.text or "")
    return hurried + 2 * (line.segment_id in unsure) + figures


def hear_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    spans: Sequence[Span],
    lines: Mapping[str, Line],
    speakers: Sequence[SpeakerVoice],
    budget_s: float | None = None,
    least: int = 0,
) -> Iterator[HearTakes]:
    """Jobs for the takes of `spans`, as far as `budget_s` allows and `least` of them in any case; None: for all.

    Each job begins with the takes most worth hearing. They wait their turn like other batch work, and count for almost
    nothing in the run's progress.
    """

    def size(span: Span) -> int:
        return size_of_text(lines[span.segment_id].text)

    most = SHARD_LINES if budget_s is None else _JOB_LINES
    number = max(ceil(len(spans) / most), ceil((budget_s or 0.0) / _JOB_S))
    dealt = [spans[start::number] for start in range(min(number, len(spans)))]
    shards = list(chain.from_iterable(batches(part, most, size) for part in dealt))
    for index, shard in enumerate(shards):
        yield HearTakes(
            task_id=task_id,
            language=target,
            shard=f"hear-{'all-' if budget_s is None else ''}{index}",
            attempt=attempt,
            epoch=epoch,
            weight=0.001,
            total_weight=max(1, len(spans)),
            lines=tuple(_take(span, lines[span.segment_id]) for span in shard),
            speakers=_heard(speakers, shard),
            budget_s=None if budget_s is None else round(budget_s / len(shards), 3),
            least=min(len(shard), ceil(least / len(shards))),
        )


def hear_line_job(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    span: Span,
    line: Line,
    speakers: Sequence[SpeakerVoice],
    lane: Lane,
) -> HearTakes | None:
    """The job for one line that was dubbed again, on the lane of the dub; None when there is no new take."""
    if not _is_new(line):
        return None
    return HearTakes(
        task_id=task_id,
        language=target,
        shard=f"hear-{span.segment_id}",
        attempt=attempt,
        epoch=epoch,
        lane=lane,
        lines=(_take(span, line),),
        speakers=_heard(speakers, [span]),
    )


def _is_new(line: Line) -> bool:
    made = line.take_key is not None and line.state == LineState.DUBBED and not line.omitted
    return made and line.error_rate is None and line.similarity is None


def _take(span: Span, line: Line) -> TakeToHear:
    return TakeToHear(
        segment_id=span.segment_id,
        revision=line.revision,
        text=line.text or "",
        speaker_id=span.speaker_id,
        take_key=line.take_key or "",
    )


def _heard(speakers: Sequence[SpeakerVoice], spans: Sequence[Span]) -> tuple[SpeakerVoice, ...]:
    present = {span.speaker_id for span in spans}
    return tuple(who for who in speakers if who.speaker_id in present)
