"""The AsyncAPI 3.0 document, generated from the message models and subjects."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.commands.schemas import (
    ApproveLanguage,
    CancelWork,
    CommandAnswer,
    CreateTask,
    ExportAnswer,
    LinesAnswer,
    MakeExport,
    ProcessLanguages,
    RedubLines,
    TaskAnswer,
)
from shared.messaging import (
    BatchDelivered,
    BatchEnded,
    BriefProposed,
    DeadLetter,
    Fact,
    JobFailed,
    LanguageEnded,
    LanguageExported,
    LinesDubbed,
    LinesRewritten,
    LinesTranslated,
    Message,
    PictureReadAgain,
    Progress,
    RawProgress,
    RecipeRendered,
    TakesHeard,
    TaskEnded,
    TranscriptReady,
    WorkerSlots,
    jobs_of,
    subjects,
)
from shared.pipeline import Stage

_RESULTS_OF: dict[Stage, list[type[Message]]] = {
    Stage.DIARIZATION: [TranscriptReady, TakesHeard, PictureReadAgain],
    Stage.TRANSLATION: [LinesTranslated, BriefProposed, LinesRewritten],
    Stage.CLONING: [LinesDubbed],
    Stage.EXPORT: [LanguageExported, RecipeRendered],
}
_ANSWERS = "command_answers"
_COMMANDS: dict[str, tuple[type[BaseModel], type[CommandAnswer]]] = {
    "create": (CreateTask, TaskAnswer),
    "process": (ProcessLanguages, TaskAnswer),
    "approve": (ApproveLanguage, TaskAnswer),
    "cancel": (CancelWork, TaskAnswer),
    "redub": (RedubLines, LinesAnswer),
    "export": (MakeExport, ExportAnswer),
}
_PARAMETERS = {
    "lane": "`batch`, or `interactive` for a person who waits for one line",
    "task_id": "id of the task, or of the batch",
    "language": "target language, or `base` for work done once per task",
    "shard": "number of the shard, `line-<segment>` or `recipe-<export>`",
    "attempt": "attempt of the stage run",
    "subject": "what the fact is about: task, batch, language, line, segment, speaker, edit, recipe or a stage",
    "fact": "what happened, in the past tense",
    "stage": "stage of the pipeline",
}


def _channels() -> dict[str, tuple[str | None, str, list[type[BaseModel]]]]:
    """Channel id: (address, description, messages)."""
    found: dict[str, tuple[str | None, str, list[type[BaseModel]]]] = {}
    for stage in Stage:
        address = f"localclip.jobs.{stage}.{{lane}}.{{task_id}}.{{language}}.{{shard}}.{{attempt}}"
        found[f"jobs_{stage}"] = (address, f"Work queue of {stage} (stream LOCALCLIP_JOBS).", [*jobs_of(stage)])
        found[f"results_{stage}"] = (
            f"localclip.results.{stage}",
            f"What workers of {stage} report (stream LOCALCLIP_RESULTS).",
            [*_RESULTS_OF[stage], JobFailed],
        )
    found["events"] = (
        "localclip.events.{task_id}.{language}.{subject}.{fact}",
        "Facts for everyone, CloudEvents 1.0 (stream LOCALCLIP_EVENTS); the data of a `progress` fact is `Progress`, "
        "that of the end of a language, a task or a batch `LanguageEnded`, `TaskEnded` or `BatchEnded`, "
        "and of files that were copied into a bucket `BatchDelivered`.",
        [Fact, Progress, LanguageEnded, TaskEnded, BatchEnded, BatchDelivered],
    )
    found["live"] = (
        "localclip.live.{task_id}.{language}.{subject}.{fact}",
        "The same facts as they are stored, with their number in the header `Nats-Sequence` (core NATS); nothing tells "
        "what was missed.",
        [Fact, Progress, LanguageEnded, TaskEnded, BatchEnded, BatchDelivered],
    )
    found["raw_progress"] = (
        "localclip.progress.{task_id}.{language}.{stage}",
        "Unreliable progress of single workers (core NATS).",
        [RawProgress],
    )
    found["workers"] = (
        "localclip.workers.{stage}",
        "Workers that live, every two seconds (core NATS).",
        [WorkerSlots],
    )
    found["dead"] = ("localclip.dead.{stage}", "What could not be processed (stream LOCALCLIP_DEAD).", [DeadLetter])
    for name, (command, _) in _COMMANDS.items():
        about = f"Requests of the operator's programs (core NATS): {(command.__doc__ or '').strip()}"
        found[_channel_of(name)] = (f"{subjects.COMMANDS_PREFIX}.{name}", about, [command])
    answers = list(dict.fromkeys(answer for _, answer in _COMMANDS.values()))
    found[_ANSWERS] = (None, "The inbox that a request names.", [CommandAnswer, *answers])
    return found


def _channel_of(command: str) -> str:
    return f"commands_{command}"


@cache
def document() -> dict[str, Any]:
    """Build the document."""
    channels = _channels()
    models = list(dict.fromkeys(model for _, _, messages in channels.values() for model in messages))
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "LocalClip",
            "version": "1.0.0",
            "description": "Jobs, results and facts of the dubbing pipeline on NATS.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(*channel) for name, channel in channels.items()},
        "operations": {
            **{name: _operation(name) for name in channels if name != _ANSWERS},
            **{_channel_of(name): _request(_channel_of(name), answer) for name, (_, answer) in _COMMANDS.items()},
        },
        "components": {
            "schemas": schemas["$defs"],
            "messages": {
                model.__name__: {
                    "name": model.__name__,
                    "summary": (model.__doc__ or "").strip().split("\n")[0],
                    "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
                }
                for model in models
            },
        },
    }


def _channel(address: str | None, description: str, messages: list[type[BaseModel]]) -> dict[str, Any]:
    names = [name for name in _PARAMETERS if f"{{{name}}}" in (address or "")]
    parameters = {name: {"description": _PARAMETERS[name]} for name in names}
    channel: dict[str, Any] = {
        "address": address,
        "description": description,
        "messages": {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in messages},
    }
    if parameters:
        channel["parameters"] = parameters
    return channel


def _operation(channel: str) -> dict[str, Any]:
    """Seen from the gateway."""
    received = channel == "workers" or channel.startswith("results_")
    return {
        "action": "receive" if received else "send",
        "channel": {"$ref": f"#/channels/{channel}"},
    }


def _request(channel: str, answer: type[CommandAnswer]) -> dict[str, Any]:
    """Received by the gateway, and answered; what cannot be read is answered without a result."""
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{channel}"},
        "reply": {
            "address": {"location": "$message.header#/reply", "description": "the inbox of the request"},
            "channel": {"$ref": f"#/channels/{_ANSWERS}"},
            "messages": [
                {"$ref": f"#/channels/{_ANSWERS}/messages/{name}"} for name in ("CommandAnswer", answer.__name__)
            ],
        },
    }
