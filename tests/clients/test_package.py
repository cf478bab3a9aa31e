"""The package alone: what it needs, what it tells of failures, and whether a webhook is told by LocalClip."""

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from localclip_client import (
    AuthenticationError,
    BusyError,
    Client,
    ConflictError,
    InvalidRequestError,
    NewTask,
    NotFoundError,
    SignatureError,
    UnexpectedAnswerError,
    verify_webhook,
)
from localclip_client._wire import as_model, check
from localclip_client.models import Task

PACKAGE = Path(__file__).parents[2] / "clients" / "python"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_ALONE = """
import sys
from importlib.metadata import packages_distributions, requires
from packaging.requirements import Requirement

wanted, open_ = set(), set(sys.argv[1:])
while open_:
    name = open_.pop().lower().replace("_", "-")
    wanted.add(name)
    needed = (Requirement(text) for text in requires(name) or ())
    open_ |= {one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})} - wanted
named = {module: {one.lower().replace("_", "-") for one in by} for module, by in packages_distributions().items()}
refused = {module for module, by in named.items() if not by & wanted} | {"shared", "services", "localclip"}
refused.discard("localclip_client")

class Alone:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in refused:
            raise ModuleNotFoundError(f"{name} is not among what it needs", name=name)

for name in [name for name in sys.modules if name.partition(".")[0] == "packaging"]:
    del sys.modules[name]
sys.meta_path.insert(0, Alone())
import localclip_client
localclip_client.Client("http://localhost").close()
try:
    import shared
except ModuleNotFoundError:
    print("alone")
"""


def test_it_works_with_what_it_names_alone() -> None:
    """At most five packages, and nothing of the project itself; types for whoever uses it."""
    names = [text.partition(">")[0] for text in PROJECT["dependencies"]]
    assert len(names) <= 5
    done = subprocess.run([sys.executable, "-c", _ALONE, *names], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("alone\n", "")
    assert (PACKAGE / "src" / "localclip_client" / "py.typed").exists()


@pytest.mark.parametrize(
    ("status", "code", "kind", "cure"),
    [
        (401, "unauthorized", AuthenticationError, "API key"),
        (404, "not_found", NotFoundError, "list what there is"),
        (409, "approval_required", ConflictError, "approve"),
        (412, "conflict", ConflictError, "read it again"),
        (422, "rows_refused", InvalidRequestError, "skip_refused"),
        (429, "too_many", BusyError, "wait"),
    ],
)
def test_refusals_have_a_kind_and_a_cure(status: int, code: str, kind: type[Exception], cure: str) -> None:
    """With the code of the gateway, its words and its fields."""
    body = {"code": code, "detail": "no", "errors": [{"pointer": "/rows/0", "detail": "wrong"}]}
    with pytest.raises(kind) as refused:
        check(httpx.Response(status, json=body, headers={"Retry-After": "3"}))
    error: Any = refused.value
    assert (error.status, error.code, error.detail, error.retry_after_s) == (status, code, "no", 3.0)
    assert cure in error.cure
    assert str(error) == f"{code}: no\n  /rows/0: wrong"


def test_what_is_no_gateway_is_said() -> None:
    """A page of somebody else's server."""
    answer = httpx.Response(200, text="<html>", request=httpx.Request("GET", "http://host/api/tasks/t"))
    with pytest.raises(UnexpectedAnswerError, match="http://host/api/tasks/t"):
        as_model(Task, answer)
    with pytest.raises(BusyError, match="http_error: HTTP 502"):
        check(httpx.Response(502, text="<html>"))


def test_the_key_is_for_the_gateway_alone() -> None:
    """Parts are put, and signed files read, at addresses that may be another server's."""
    with Client("https://dub.example.org/", "secret-key") as client:
        mine = client._request("GET", "/api/tasks")
        assert (str(mine.url), mine.headers["Authorization"]) == (
            "https://dub.example.org/api/tasks",
            "Bearer secret-key",
        )
        for elsewhere in (
            "https://store.example.org/part?signature=x",
            "http://dub.example.org/a",
            "https://dub.example.org:9/a",
        ):
            assert "Authorization" not in client._request("PUT", elsewhere).headers


def test_a_task_has_one_video() -> None:
    """Its subtitles are where it is; other fields go as they are named."""
    with pytest.raises(ValueError, match="name one of"):
        NewTask()
    with pytest.raises(ValueError, match="name one of"):
        NewTask(Path("a.mp4"), source_url="https://example.org/a.mp4")
    with pytest.raises(ValueError, match="are addresses"):
        NewTask(source_key="a.mp4", subtitles=Path("a.srt"))
    with pytest.raises(ValueError, match="are files"):
        NewTask(Path("a.mp4"), translations={"es": "a.srt"})
    assert NewTask(source_key="a.mp4", subtitles="a.srt", translations={"es": "a.es.srt"}).source() == {
        "source_key": "a.mp4",
        "subtitles": "a.srt",
        "translations": {"es": "a.es.srt"},
    }
    assert NewTask(source_page="https://a.b/c").source()["source_page"] == "https://a.b/c"
    new = NewTask(source_key="a.mp4", target_languages=["es"], metadata={"a": 1}, more={"captions": "as_written"})
    assert new.config() == {"target_languages": ["es"], "metadata": {"a": 1}, "captions": "as_written"}


def test_webhooks_are_verified_as_their_specification_says() -> None:
    """By the body as it came, a secret among several, and a clock."""
    secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0IG9mIHNvbWVib2R5IGVsc2U="
    at = datetime(2026, 1, 31, 9, tzinfo=UTC)
    body = json.dumps({"type": "task.completed", "data": {"name": "película"}}, ensure_ascii=False)
    signed = " ".join(Webhook(one).sign("msg_1", at, body) for one in (other, secret))
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signed,
    }

    def verified(now: float = at.timestamp(), body: str = body, secret: str = secret, **more: str) -> Any:
        return verify_webhook(secret, headers | more, body.encode(), now=now)

    assert verified()["type"] == "task.completed"
    for wrong, why in (
        ({"now": at.timestamp() + 301}, "too old"),
        ({"now": at.timestamp() - 301}, "clocks differ"),
        ({"body": body + " "}, "no signature"),
        ({"secret": "whsec_" + "A" * 32}, "no signature"),
        ({"secret": "nonsense!"}, "whsec_"),
        ({"Webhook-Timestamp": "soon"}, "no time"),
        ({"Webhook-Signature": "v2,abc"}, "no signature"),
    ):
        with pytest.raises(SignatureError, match=why):
            verified(**wrong)  # type: ignore[arg-type]
    del headers["Webhook-Id"]
    with pytest.raises(SignatureError, match="webhook-id is missing"):
        verified()
