"""When finished takes are heard again, and the jobs for it.

Listening is part of the run that makes the takes, so that an export's report has its figures; but it may fail, and a
dub does not wait long for it: the sweeper gives it up. It is asked for only where an engine at hand can tell something
of the language.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.gateway.planning.sizes import batches, size_of_text
from services.gateway.planning.slots import Span
from services.gateway.planning.units import LineView
from shared.messaging import HearTakes, SpeakerVoice, TakeToHear
from shared.pipeline import Lane, LineState

SHARD_LINES = 32
_PREFIX = "hear-"


def is_listening(shard: str) -> bool:
    """Whether a job of the diarizers with this shard listens to takes."""
    return shard.startswith(_PREFIX)


def is_due(shards: Iterable[tuple[str, bool]]) -> bool:
    """Whether a run is ready to be listened to, from (shard, still open) of its jobs of all kinds.

    That is when everything that makes or mends takes has come to its end, and only once.
    """
    return not any(is_open or is_listening(shard) for shard, is_open in shards)


def hear_jobs(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    spans: Sequence[Span],
    lines: Mapping[str, LineView],
    speakers: Sequence[SpeakerVoice],
) -> Iterator[HearTakes]:
    """Jobs for the takes of `lines` that were not heard yet.

    They wait their turn like other batch work, and count next to nothing in the run's progress.
    """
    todo = [span for span in spans if span.segment_id in lines and _is_new(lines[span.segment_id])]

    def size(span: Span) -> int:
        return size_of_text(lines[span.segment_id].text)

    for number, shard in enumerate(batches(todo, SHARD_LINES, size)):
        yield HearTakes(
            task_id=task_id,
            language=target,
            shard=f"{_PREFIX}{number}",
            attempt=attempt,
            epoch=epoch,
            weight=0.001,
            total_weight=max(1, len(lines)),
            lines=tuple(_take(span, lines[span.segment_id]) for span in shard),
            speakers=_heard(speakers, shard),
        )


def hear_line_job(
    task_id: str,
    target: str,
    attempt: int,
    epoch: int,
    span: Span,
    line: LineView,
    speakers: Sequence[SpeakerVoice],
    lane: Lane,
) -> HearTakes | None:
    """The job for one line that was dubbed again, on the lane of the dub; None when there is no new take."""
    if not _is_new(line):
        return None
    return HearTakes(
        task_id=task_id,
        language=target,
        shard=f"{_PREFIX}{span.segment_id}",
        attempt=attempt,
        epoch=epoch,
        lane=lane,
        lines=(_take(span, line),),
        speakers=_heard(speakers, [span]),
    )


def _is_new(line: LineView) -> bool:
    made = line.take_key is not None and line.state is LineState.DUBBED and not line.omitted
    return made and line.error_rate is None and line.similarity is None


def _take(span: Span, line: LineView) -> TakeToHear:
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
