"""The AsyncAPI 3.0 document: what FastStream knows about publishers and subscribers, and what it cannot express."""

from collections.abc import Callable
from typing import Any, get_type_hints

from faststream.nats import NatsBroker
from faststream.specification import AsyncAPI
from pydantic.json_schema import models_json_schema

from services.gateway.commands.schemas import CommandAnswer
from services.gateway.commands.taking import Commands

_COMMANDS, _ANSWERS = "commands_", "command_answers"
_PARAMETERS = {
    "lane": "`batch`, or `interactive` for a person who waits for one line",
    "task_id": "id of the task, or of the batch",
    "language": "target language, or `base` for work done once per task",
    "shard": "number of the shard, `line-<segment>` or `recipe-<export>`",
    "attempt": "attempt of the stage run",
    "subject": "what the fact is about: task, batch, language, line, segment, speaker, edit, recipe or a stage",
    "fact": "what happened, in the past tense",
    "stage": "stage of the pipeline",
    "consumer": "stage and lane, such as `translation-batch`",
}


def document(declare: Callable[[NatsBroker], object]) -> dict[str, Any]:
    """The document of everything that `declare` registers on a broker; takes half a second.

    A separate broker is used, which never connects: FastStream recreates its handlers for the document, and names the
    address of its server. It supports one message per channel and no address parameters.
    """
    broker = NatsBroker()
    declare(broker)
    made = AsyncAPI(
        broker,
        title="LocalClip",
        version="1.0.0",
        description="Jobs, results and facts of the dubbing pipeline on NATS.",
        license={"name": "Apache-2.0"},
    )
    spec: dict[str, Any] = made.to_specification().to_jsonable()
    del spec["servers"]
    components = spec["components"]
    made_messages, components["messages"] = components["messages"], {}
    schemas = components["schemas"]
    for name, channel in spec["channels"].items():
        (message,) = channel["messages"].values()
        payload = _last(made_messages[_last(message)]["payload"])
        kinds = _kinds(payload, schemas)
        spec["channels"][name] = _channel(channel, kinds)
        components["messages"] |= {kind: _message(kind, schemas[kind]) for kind in kinds}
        if payload not in kinds:
            del schemas[payload]
    for operation in spec["operations"].values():
        del operation["messages"]  # which are all of its channel's
    _add_answers(spec)
    return spec


def _add_answers(spec: dict[str, Any]) -> None:
    """Add replies: FastStream knows that a handler returns something, but does not put it into the document."""
    asked = [name for name in spec["operations"] if name.startswith(_COMMANDS)]
    answers = {name: get_type_hints(getattr(Commands, name.removeprefix(_COMMANDS)))["return"] for name in asked}
    kinds = list(dict.fromkeys([CommandAnswer, *answers.values()]))
    _, made = models_json_schema([(kind, "validation") for kind in kinds], ref_template="#/components/schemas/{model}")
    spec["components"]["schemas"] |= made["$defs"]
    spec["components"]["messages"] |= {
        kind.__name__: _message(kind.__name__, made["$defs"][kind.__name__]) for kind in kinds
    }
    spec["channels"][_ANSWERS] = {
        "address": None,
        "description": "The inbox that a request names.",
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in kinds},
    }
    for name, answer in answers.items():
        spec["operations"][name]["reply"] = {
            "address": {"location": "$message.header#/reply", "description": "the inbox of the request"},
            "channel": {"$ref": f"#/channels/{_ANSWERS}"},
            "messages": [
                {"$ref": f"#/channels/{_ANSWERS}/messages/{kind}"} for kind in ("CommandAnswer", answer.__name__)
            ],
        }


def _kinds(payload: str, schemas: dict[str, Any]) -> list[str]:
    """The names of the models that a payload may be."""
    either = schemas[payload].get("oneOf") or schemas[payload].get("anyOf")
    return [_last(one) for one in either] if either else [payload]


def _channel(made: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    address = made["address"]
    parameters = {name: {"description": text} for name, text in _PARAMETERS.items() if f"{{{name}}}" in address}
    return {
        "address": address,
        "description": made["description"],
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
        **({"parameters": parameters} if parameters else {}),
    }


def _message(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    summary = schema.get("description", "").partition("\n")[0]
    return {"name": kind, "summary": summary, "payload": {"$ref": f"#/components/schemas/{kind}"}}


def _last(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]
