"""A stack for one command: with its own folder and port, removed afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from localclip.stack import Stack, StackOptions
from localclip_client import Client
from shared.ports import free_port


@contextmanager
def temporary_stack(console: Console, *, keep: bool = False) -> Iterator[Client]:
    """Run a whole stack during the block; `keep` leaves its folder (database, files, logs) behind.

    Raises: StackError, when it cannot start.
    """
    data = Path(tempfile.mkdtemp(prefix="localclip-"))
    try:
        with kept_stack(console, data) as client:
            yield client
    finally:
        if keep:
            console.print(f"kept: {data}", markup=False)
        else:
            shutil.rmtree(data, ignore_errors=True)


@contextmanager
def kept_stack(console: Console, data: Path) -> Iterator[Client]:
    """The same with a folder that stays, so that the next command can continue."""
    stack = Stack(StackOptions(data, port=free_port(), isolated=True), tell=lambda text: _tell(console, text))
    try:
        with console.status("starting the services ..."):
            stack.start()
        with Client(stack.url) as client:
            yield client
    finally:
        stack.stop()


def _tell(console: Console, text: str) -> None:
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)
