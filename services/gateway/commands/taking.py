"""Take commands from the broker, and answer them.

A command becomes the corresponding request to the gateway's own application, so keys, rules, repeats and problems are
those of the API. A sender that cannot know after a timeout whether a command was carried out finds out by sending the
same command again.
"""

import asyncio
import time
from typing import TypeVar

import httpx
from faststream import ExceptionMiddleware
from faststream.nats import NatsBroker, NatsRouter
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.commands.schemas import (
    ApproveLanguage,
    CancelWork,
    Command,
    CommandAnswer,
    CommandProblem,
    CreateTask,
    ExportAnswer,
    LinesAnswer,
    MakeExport,
    ProcessLanguages,
    RedubLines,
    TaskAnswer,
)
from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import Problem, document, invalid, unprocessable
from shared.messaging import subjects
from shared.observability import logger

GROUP = "gateway"
"""Among all gateways, one takes each command."""
_AT_ONCE = 8  # half of those that may write at once: the other half is for people in the browser
_PATIENCE_S = 5.0
_LOOK_S = 0.25
A = TypeVar("A", bound=CommandAnswer)
log = logger(__name__)


class Commands:
    """The gateway's subscriptions for commands; registered on the broker before it starts."""

    def __init__(self, app: ASGIApp, broker: NatsBroker, settings: GatewaySettings) -> None:
        self._transport = httpx.ASGITransport(_logged(app), raise_app_exceptions=False)
        self._keys = {name: key for key, name in settings.keys().items()}
        self._free = asyncio.Semaphore(_AT_ONCE)
        router = NatsRouter(prefix=f"{subjects.COMMANDS_PREFIX}.", middlewares=[_refusing()])
        for name, take in (
            ("create", self.create),
            ("process", self.process),
            ("approve", self.approve),
            ("cancel", self.cancel),
            ("redub", self.redub),
            ("export", self.export),
        ):
            router.subscriber(
                name,
                queue=GROUP,
                max_workers=_AT_ONCE,
                title=f"commands_{name}",
                description=f"Requests of the operator's programs (core NATS): {take.__doc__}",
            )(take)
        broker.include_router(router)

    async def create(self, command: CreateTask) -> TaskAnswer:
        """Make a task of a video that is elsewhere."""
        return await self._answer(command, TaskAnswer)

    async def process(self, command: ProcessLanguages) -> TaskAnswer:
        """Bring languages up to a stage."""
        return await self._answer(command, TaskAnswer)

    async def approve(self, command: ApproveLanguage) -> TaskAnswer:
        """Let a language go on."""
        return await self._answer(command, TaskAnswer)

    async def cancel(self, command: CancelWork) -> TaskAnswer:
        """Stop work."""
        return await self._answer(command, TaskAnswer)

    async def redub(self, command: RedubLines) -> LinesAnswer:
        """Speak lines again."""
        return await self._answer(command, LinesAnswer)

    async def export(self, command: MakeExport) -> ExportAnswer:
        """Make files by a recipe."""
        return await self._answer(command, ExportAnswer)

    async def _answer(self, command: Command, kind: type[A]) -> A:
        """Do it as the API does. If the same is being done already, here or by another gateway, wait for it for a
        while."""
        try:
            headers = {"Idempotency-Key": command.id, **self._login(command.account)}
        except Problem as problem:
            return _refused(kind, command.id, problem)
        request = httpx.Request("POST", f"http://localhost{command.path()}", headers=headers, json=command.body())
        until = time.monotonic() + _PATIENCE_S
        while True:
            async with self._free:
                answer = await self._transport.handle_async_request(request)
                await answer.aread()
            said = answer.json()
            if said.get("code") != "request_in_progress" or time.monotonic() > until:
                break
            await asyncio.sleep(_LOOK_S)
        log.info("command_answered", command=type(command).__name__, id=command.id, status=answer.status_code)
        what = "result" if answer.is_success else "problem"
        repeated = answer.headers.get("idempotency-replayed") == "true"
        return kind.model_validate({"id": command.id, "status": answer.status_code, "repeated": repeated, what: said})

    def _login(self, account: str | None) -> dict[str, str]:
        """A key of the named account. Raises: Problem 422."""
        if account is None and len(self._keys) > 1:
            detail = f"name the account it is done for: {', '.join(sorted(self._keys))}"
            raise unprocessable("account_required", detail, "/account")
        if account is not None and account not in self._keys:
            known = f"choose from {', '.join(sorted(self._keys))}" if self._keys else "there are none; leave it out"
            raise unprocessable("unknown_account", f"there is no account of this name: {known}", "/account")
        key = self._keys[account] if account else next(iter(self._keys.values()), None)
        return {"X-API-Key": key} if key else {}


def _logged(app: ASGIApp) -> ASGIApp:
    """Log a defect, as the server does for requests; nobody else would here."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception:
            log.exception("command_failed", path=scope["path"])
            raise

    return call


def _refusing() -> ExceptionMiddleware:
    """Answer every command, even one that cannot be read: the sender must not wait in vain."""
    middleware = ExceptionMiddleware()

    @middleware.add_handler(ValidationError, publish=True)
    async def not_valid(error: ValidationError) -> CommandAnswer:
        return _refused(CommandAnswer, None, invalid("command", error.errors()))

    @middleware.add_handler(RecursionError, publish=True)
    async def too_deep(_: RecursionError) -> CommandAnswer:
        return _refused(CommandAnswer, None, Problem(422, "invalid_request", "the command is nested too deeply"))

    @middleware.add_handler(Exception, publish=True)
    async def defect(error: Exception) -> CommandAnswer:
        log.error("command_failed", exc_info=error)
        words = "something unexpected went wrong; the log tells what"
        return _refused(CommandAnswer, None, Problem(500, "internal", words))

    return middleware


def _refused(kind: type[A], command_id: str | None, problem: Problem) -> A:
    told = CommandProblem.model_validate(document(problem, ""))
    return kind(id=command_id, status=problem.status, problem=told)
