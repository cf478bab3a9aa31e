"""What an application answers when something goes wrong in a route."""

from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from services.gateway.editing.schemas import TaskUpdate
from services.gateway.web import problems


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


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({f"k{n}": 1 for n in range(1000)}, 1),
        ({"source_language": "x" * 100_000}, 1),
        ({"x" * 100_000: 1}, 1),
        ({"glossary": [{}] * 400}, 100),
    ],
    ids=["fields", "value", "name", "items"],
)
def test_a_422_is_short_however_long_the_request_was(body: dict[str, Any], errors: int) -> None:
    """It repeats a part of what is wrong, and never the whole."""
    app = FastAPI()
    problems.install(app)

    @app.patch("/")
    def takes(change: TaskUpdate) -> None:
        """Never called."""

    answer = TestClient(app).patch("/", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert len(answer.json()["errors"]) == errors
    assert len(answer.content) < 20_000
