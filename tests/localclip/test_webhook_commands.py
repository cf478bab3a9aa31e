"""Webhooks from the command line, on a running gateway."""

import json
import subprocess

from localclip.stack import Stack
from localclip.webhook_commands import _last, _state
from localclip_client.models import Delivery, Try, Webhook
from tests.localclip.conftest import needs_broker
from tests.support.forked import command_line


def run(stack: Stack, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return command_line("webhooks", *arguments, "--server", stack.url)


@needs_broker
def test_an_address_is_added_listed_and_removed(gateway: Stack) -> None:
    """Its secret is told once; what was sent to it is listed; an address that is refused is said in a sentence."""
    made = run(gateway, "add", "https://example.org/hook", "--type", "batch.*", "--json")
    assert made.returncode == 0, made.stderr
    hook = json.loads(made.stdout)
    assert hook["secret"].startswith("whsec_")
    (listed,) = json.loads(run(gateway, "list", "--json").stdout)
    assert (listed["webhook_id"], listed["types"], "secret" in listed) == (hook["webhook_id"], ["batch.*"], False)
    assert "example.org" in run(gateway, "list").stdout
    assert json.loads(run(gateway, "attempts", hook["webhook_id"], "--json").stdout) == []
    assert run(gateway, "remove", hook["webhook_id"]).returncode == 0
    again = run(gateway, "remove", hook["webhook_id"])
    assert (again.returncode, "not_found" in again.stderr) == (1, True)
    private = run(gateway, "add", "https://127.0.0.1/hook")
    assert private.returncode == 1
    assert private.stderr.startswith("error: ")


def test_trouble_is_told_in_words() -> None:
    """Since when it fails, why it is off, what it answered last."""
    hook = Webhook(webhook_id="h", url="u")
    assert _state(hook) == "well"
    assert _state(hook.model_copy(update={"enabled": False, "disabled_reason": "gone"})) == "off: gone"
    failed = Try.model_validate({"at": "2026-01-01T00:00:00Z", "status": 500, "error": "it answered 500"})
    assert _state(hook.model_copy(update={"failing_since": failed.at})) == "failing since 2026-01-01 00:00"
    sent = Delivery(delivery_id=1, type="task.created", state="waiting")
    assert [_last(sent), _last(sent.model_copy(update={"tries": (failed,)}))] == ["", "it answered 500"]
