"""Where commands print, for people or for programs, and which gateway they speak to."""

from typing import Annotated

import typer
from pydantic_core import to_json
from rich.console import Console

from localclip_client import Client

_WIDTH_OF_A_PIPE = 1000  # a table is as wide as its contents; paths are not broken
console = Console()
if not console.is_terminal:
    console = Console(width=_WIDTH_OF_A_PIPE)

Server = Annotated[str | None, typer.Option("--server", envvar="LOCALCLIP_SERVER", help="address of a running gateway")]
Key = Annotated[str | None, typer.Option("--api-key", envvar="LOCALCLIP_API_KEY", help="API key of that gateway")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, and all else to stderr")]
_RETRIES = 1  # somebody is waiting; slow operations have their own timeout
_DEFAULT_SERVER = "http://127.0.0.1:8080"


def connect(server: str | None, api_key: str | None) -> Client:
    """A client of the requested gateway, or of the one on this machine."""
    return Client(server or _DEFAULT_SERVER, api_key, retries=_RETRIES)


def screen(as_json: bool) -> Console:
    """Where messages for people go, so that stdout has only JSON."""
    return Console(stderr=True) if as_json else console


def print_json(found: object) -> None:
    """Print models, and structures of them, for programs."""
    print(to_json(found, indent=2).decode())
