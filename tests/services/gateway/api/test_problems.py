"""What an application answers when something goes wrong in a route."""

from typing import Any

from fastapi import FastAPI, Request

from services.gateway.api import problems


async def test_a_client_who_leaves_in_the_middle_of_a_body_is_no_defect() -> None:
    """Whatever route was reading it: a refusal, and no traceback in the log."""
    app, sent = FastAPI(), []
    problems.install(app)

    @app.put("/")
    async def takes(request: Request) -> int:
        return len(await request.body())

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "PUT", "path": "/", "query_string": b"", "headers": [(b"host", b"x")]}
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert b"upload_cut_off" in sent[1]["body"]
