"""Commands for the addresses that are told of events."""

from typing import Annotated

import typer
from rich.table import Table

from localclip.terminal import AsJson, Key, Server, connect, console, print_json
from localclip_client.models import Delivery, Webhook

webhooks = typer.Typer(help="Have events posted to an address.", no_args_is_help=True, rich_markup_mode=None)
Hook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="its id, see `localclip webhooks list`")]


@webhooks.command("list")
def list_webhooks(as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """List the addresses that events are posted to, and whether they answer."""
    with connect(server, api_key) as client:
        found = client.webhooks()
    if as_json:
        print_json([one.model_dump(mode="json", exclude={"secret"}) for one in found])
        return
    grid = Table(title=f"{len(found)} webhooks", title_justify="left")
    for heading in ("webhook", "address", "types", "state", "waiting"):
        grid.add_column(heading, overflow="fold")
    for one in found:
        grid.add_row(one.webhook_id, one.url, ", ".join(one.types), _state(one), str(one.waiting))
    console.print(grid)


@webhooks.command()
def add(
    url: Annotated[str, typer.Argument(help="an https address")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="batch.*, language.completed, *.failed ...; may be repeated")
    ] = None,
    description: Annotated[str, typer.Option(help="for people")] = "",
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """Have events posted to an address; the secret that signs them is shown only now."""
    with connect(server, api_key) as client:
        made = client.add_webhook(url, types or ["*"], description)
    if as_json:
        print_json(made)
        return
    console.print(f"{made.webhook_id}", markup=False, highlight=False)
    console.print(f"secret, shown only now: {made.secret}", markup=False, highlight=False, soft_wrap=True)


@webhooks.command()
def remove(webhook_id: Hook, as_json: AsJson = False, server: Server = None, api_key: Key = None) -> None:
    """Remove an address; what waits to be sent to it is dropped."""
    with connect(server, api_key) as client:
        client.remove_webhook(webhook_id)
    if as_json:
        print_json({"removed": webhook_id})
        return
    console.print(f"{webhook_id} is removed", markup=False, highlight=False)


@webhooks.command()
def attempts(
    webhook_id: Hook,
    state: Annotated[str | None, typer.Option(help="waiting, delivered or failed")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    as_json: AsJson = False,
    server: Server = None,
    api_key: Key = None,
) -> None:
    """List what was sent to an address, newest first, and what it answered."""
    with connect(server, api_key) as client:
        found = client.deliveries(webhook_id, state, limit)
    if as_json:
        print_json(found)
        return
    grid = Table(title=f"the last {len(found)} events", title_justify="left")
    for heading in ("event", "of", "state", "attempts", "last answer"):
        grid.add_column(heading, overflow="fold")
    for one in found:
        grid.add_row(one.type, one.task_id, one.state, str(one.attempts), _last(one))
    console.print(grid)


def _state(one: Webhook) -> str:
    if not one.enabled:
        return f"off: {one.disabled_reason}" if one.disabled_reason else "off"
    return f"failing since {one.failing_since:%Y-%m-%d %H:%M}" if one.failing_since else "well"


def _last(one: Delivery) -> str:
    if not one.tries:
        return ""
    last = one.tries[-1]
    return last.error or f"{last.status} after {last.seconds:.2f} s"
