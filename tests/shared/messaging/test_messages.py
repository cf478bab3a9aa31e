"""What is sent: tolerant of newer senders, unchangeable, addressed."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging import (
    RESULT,
    CloneLines,
    DeadLetter,
    DiarizeVideo,
    EngineInfo,
    EngineUsage,
    EngineUsed,
    ExportLanguage,
    Fact,
    HeardLine,
    HearTakes,
    Job,
    JobFailed,
    LanguageExported,
    LinesDubbed,
    LinesRewritten,
    LinesTranslated,
    LineToRewrite,
    LineToSpeak,
    Message,
    Progress,
    RawProgress,
    RewriteLines,
    RewrittenLine,
    SourceLine,
    TakesHeard,
    TakeToHear,
    TranscriptReady,
    TranslateLines,
    fact,
    failed,
    merge_engines,
)
from shared.pipeline import ErrorCode, Stage
from shared.transcript import MediaFacts

ADDRESS: dict[str, Any] = {"task_id": "task_1", "language": "es", "attempt": 2, "shard": "3"}
LINE = SourceLine(segment_id="s0001", text="Hello", speaker_id="A", slot_s=1.0, max_chars=20)
SPOKEN = LineToSpeak(segment_id="s0001", text="Hola", speaker_id="A", start_s=0, end_s=1)
TOO_LONG = LineToRewrite(
    segment_id="s0001", source_text="Hi", text="Hola", natural_s=2.0, room_s=1.0, min_chars=1, max_chars=3
)
MEDIA = MediaFacts(container="mov", duration_s=1.0)
EXPORTED = {"files": (), "report": {"lines_total": 1, "speed": {"p95": None}}}
JOBS: list[Job] = [
    DiarizeVideo(**ADDRESS, video_key="tasks/1/input/v.mp4"),
    TranslateLines(**ADDRESS, source_language="en", lines=(LINE,)),
    CloneLines(**ADDRESS, lines=(SPOKEN,)),
    HearTakes(**ADDRESS, lines=(TakeToHear(segment_id="s0001", text="Hola", speaker_id="A", take_key="k"),)),
    RewriteLines(**ADDRESS, source_language="en", lines=(TOO_LONG,)),
    ExportLanguage(**ADDRESS, video_key="v", original_name="v.mp4", timeline_key="t"),
]
RESULTS = [
    TranscriptReady(**ADDRESS, stage=Stage.DIARIZATION, transcript_key="t", media=MEDIA, segments=1, speakers=1),
    LinesTranslated(**ADDRESS, stage=Stage.TRANSLATION, lines=()),
    LinesDubbed(**ADDRESS, stage=Stage.CLONING, lines=()),
    LinesRewritten(**ADDRESS, stage=Stage.TRANSLATION, lines=(RewrittenLine(segment_id="s0001", candidates=("Hi",)),)),
    TakesHeard(**ADDRESS, stage=Stage.DIARIZATION, lines=(HeardLine(segment_id="s0001", error_rate=0.5),)),
    LanguageExported.model_validate({**ADDRESS, "stage": Stage.EXPORT, **EXPORTED}),
    failed(JOBS[1], ErrorCode.ENGINE_FAILED, "why"),
]
OTHERS: list[Message] = [
    DeadLetter(subject="s", body="b", deliveries=1, code=ErrorCode.INTERNAL, reason="r"),
    EngineInfo(stage=Stage.CLONING, port="voice", name="n", version="1", licence="MIT", commercial_use=True),
    RawProgress(**ADDRESS, stage=Stage.EXPORT, weight=1, total_weight=2, fraction=0.5),
    Progress(task_id="task_1", language="es", stage=Stage.EXPORT, progress=50),
    fact("1", "task_1", "es", "export", "completed", {"files": 3}),
]


def name(message: Message) -> str:
    return type(message).__name__


@pytest.mark.parametrize("message", [*JOBS, *RESULTS, *OTHERS], ids=name)
def test_round_trip(message: Message) -> None:
    """What is sent is what is read."""
    assert type(message).model_validate_json(message.model_dump_json()) == message


_BY_ID = ("cues",)
"""Mappings whose keys are ids: no field is ever added to them."""


@pytest.mark.parametrize("message", [*JOBS, *RESULTS, *OTHERS], ids=name)
def test_unknown_fields_are_ignored(message: Message) -> None:
    """A field that a newer version added does not stop an older one, in nested messages neither."""

    def add(value: Any) -> Any:
        if isinstance(value, dict) and "report" not in value and "data" not in value:
            kept = {key: item if key in _BY_ID else add(item) for key, item in value.items()}
            return {**kept, "added_later": [1]}
        return [add(item) for item in value] if isinstance(value, list) else value

    newer = json.dumps(add(json.loads(message.model_dump_json())))
    assert type(message).model_validate_json(newer) == message


@pytest.mark.parametrize("message", [*JOBS, *RESULTS, *OTHERS], ids=name)
def test_messages_do_not_change(message: Message) -> None:
    """A message in hand is the message that was sent."""
    first = next(iter(type(message).model_fields))
    with pytest.raises(ValidationError):
        setattr(message, first, None)


@pytest.mark.parametrize("result", RESULTS, ids=name)
def test_results_are_told_apart(result: Message) -> None:
    """The gateway reads every kind of result from one stream."""
    assert RESULT.validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize("job", JOBS, ids=name)
def test_a_result_has_the_key_of_its_job(job: Job) -> None:
    """Job and result meet by their key, which names the attempt."""
    result = failed(job, ErrorCode.INTERNAL, "x" * 5000)
    assert isinstance(result, JobFailed)
    assert result.key() == job.key() == f"task_1:es:{job.stage()}:3:2"
    assert len(result.message) == 2000


def test_a_fact_is_a_cloud_event() -> None:
    """The fields of CloudEvents 1.0 are there, and the subject says where it is stored."""
    told: Fact = fact("id-1", "task_1", "ja", "translation", "completed", {"lines": 3})
    event = json.loads(told.model_dump_json())
    assert event["specversion"] == "1.0"
    assert event["type"] == "localclip.translation.completed"
    assert event["subject"] == "localclip.events.task_1.ja.translation.completed"
    assert event["data"] == {"task_id": "task_1", "language": "ja", "lines": 3}
    assert event["time"].endswith(("Z", "+00:00"))


def test_progress_keeps_the_promised_shape() -> None:
    """The frontend reads these names."""
    event = json.loads(OTHERS[3].model_dump_json())
    promised = {"type", "task_id", "language", "stage", "progress", "message", "eta_seconds"}
    assert promised <= set(event)
    assert event["type"] == "progress"


def test_what_was_used_of_an_engine_is_added_up() -> None:
    """Over all shards that used it; an engine that is not paid by use stays without figures."""
    chat = EngineUsed(stage=Stage.TRANSLATION, name="chat", version="m", licence="terms", commercial_use=True)
    other = chat.model_copy(update={"name": "rules"})
    spent = EngineUsage(requests=1, tokens_in=100, tokens_out=50, cost_usd=0.1)
    used = [chat.model_copy(update={"usage": spent}), other, chat, chat.model_copy(update={"usage": spent}), other]
    assert merge_engines(used) == (
        chat.model_copy(
            update={"usage": EngineUsage(requests=2, tokens_in=200, tokens_out=100, cost_usd=0.2)},
        ),
        other,
    )
