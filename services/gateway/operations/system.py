"""Languages, engines, health, and the documents that describe the interfaces."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from services.gateway.operations.schemas import Health, LanguageRead, LanguageService
from services.gateway.pipeline.engines import of_port, pairs_by_sound
from services.gateway.pipeline.parts import Gateway, Parts
from services.gateway.web.fixed import Fixed, as_json
from shared.messaging import EngineInfo, is_connected, subjects
from shared.models import Service, hearing, speaking
from shared.pipeline import SOURCE_LANGUAGES, Lane, Stage, language

router = APIRouter(tags=["system"])
_READY = "ready"


@router.get("/api/languages", operation_id="list_languages")
async def list_languages(parts: Parts) -> list[LanguageRead]:
    """Every language, and what the engines at hand can do with it."""
    engines = await parts.capabilities.engines()
    return [_language(code, list(engines)) for code in SOURCE_LANGUAGES]


def _language(code: str, engines: list[EngineInfo]) -> LanguageRead:
    info = language(code)
    voices = [engine.name for engine in of_port(engines, "voice") if not engine.languages or code in engine.languages]
    sources = {source for engine in of_port(engines, "translator") for source, target in engine.pairs if target == code}
    return LanguageRead(
        code=code,
        name=info.name,
        native_name=info.native_name,
        is_target=info.is_target,
        voices=voices,
        translated_from=sorted(sources),
        translated_from_sound=sorted(source for source, target in pairs_by_sound(engines) if target == code),
        understood_by=_service(hearing(code, _hearer(code, engines))),
        spoken_by=_service(speaking(code, voices[0] if voices else "")),
    )


def _hearer(code: str, engines: list[EngineInfo]) -> str:
    able = (one for one in of_port(engines, "recognizer") if not one.languages or code in one.languages)
    return next((one.model or one.name for one in able), "")


def _service(found: Service) -> LanguageService:
    return LanguageService(engine=found.engine, error_percent=found.error_percent, poor=found.poor, better=found.better)


@router.get("/api/engines", operation_id="list_engines")
async def list_engines(parts: Parts) -> list[EngineInfo]:
    """Engines of the workers, with licence and what they can do; `problem` tells of one that could not be loaded."""
    return list(await parts.capabilities.announced())


@router.get("/healthz", operation_id="healthz", responses={503: {"description": "the process should be restarted"}})
async def healthz(parts: Parts, response: Response) -> dict[str, str]:
    """The process works: its loop answers and its threads get their turn. 503 otherwise, and no answer where the loop
    is stuck; whoever asks gives up after ten seconds."""
    standing = await parts.threads.standing()
    if standing:
        response.status_code = 503
        return {"status": "stands", "threads": ", ".join(standing)}
    return {"status": "ok"}


@router.get("/readyz", operation_id="readyz", responses={503: {"model": Health, "description": "Not ready"}})
async def readyz(parts: Parts, response: Response, everything: Annotated[bool, Query(alias="all")] = False) -> Health:
    """The database answers, so people can be answered; 503 otherwise. With `all`: broker and store must answer too,
    workers are counted, and engines that their workers left out are told."""
    if everything:
        health = await _whole(parts)
    else:
        health = _health({"database": await parts.readiness.database()})
    response.status_code = 200 if health.status == _READY else 503
    return health


async def _whole(parts: Gateway) -> Health:
    database, store, workers, engines = await asyncio.gather(
        parts.readiness.database(), parts.readiness.store(), _workers(parts), parts.capabilities.announced()
    )
    broker = workers is not None and parts.audience.is_listening
    health = _health({"database": database, "store": store, "broker": broker})
    left_out = {f"{engine.port} {engine.name}": engine.problem for engine in engines if engine.problem}
    return health.model_copy(update={"workers": workers or {}, "engines_left_out": left_out})


def _health(checks: dict[str, bool]) -> Health:
    return Health(status=_READY if all(checks.values()) else "not ready", checks=checks)


async def _workers(parts: Gateway) -> dict[str, int] | None:
    """Workers waiting for a batch job, by stage; None when the broker does not answer."""
    if not is_connected(parts.broker):
        return None
    js = parts.broker.connection.jetstream()
    found: dict[str, int] = {}
    try:
        for stage in Stage:
            info = await js.consumer_info(subjects.JOBS, subjects.job_consumer(stage, Lane.BATCH))
            found[stage] = (info.num_waiting or 0) + (info.num_ack_pending or 0)
    except (NatsError, APIError, TimeoutError):
        return None
    return found


@router.get(
    "/asyncapi.json",
    operation_id="asyncapi",
    response_model=dict[str, Any],
    responses={304: {"description": "Not changed"}},
)
def asyncapi(parts: Parts, request: Request) -> Response:
    """AsyncAPI 3.0: every subject and message on the broker."""
    return _written(parts.asyncapi).answer(request, {"Cache-Control": "no-cache"})


@lru_cache(maxsize=1)  # of the one application of a process
def _written(document: Callable[[], dict[str, Any]]) -> Fixed:
    return as_json(document())
