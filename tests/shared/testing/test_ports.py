"""Ports for servers of tests that run beside each other."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from localclip.stack import Stack, StackOptions
from shared.testing import free_port

ASK = "from shared.testing import free_port; print(*(free_port() for _ in range(60)), flush=True); input()"


def test_no_port_is_given_twice() -> None:
    """Not to this process, nor to another that has not ended, nor from those of outgoing connections."""
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", ASK], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        theirs = {int(word) for word in other.stdout.readline().split()}
        ours = {free_port() for _ in range(60)}
        other.stdin.write("\n")
    assert (len(theirs), len(ours), theirs & ours) == (60, 60, set())
    assert max(ours | theirs) < 32_768


def test_the_product_does_not_take_a_port_of_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever needs some gets them from both."""
    ours, other = free_port(), free_port()
    drawn = iter([ours, other, other + 1, *range(15_000, 32_000)])
    monkeypatch.setattr(secrets, "choice", lambda _: next(drawn))
    broker = Stack(StackOptions(tmp_path, port=ours, isolated=True)).broker_url
    assert int(broker.rpartition(":")[2]) not in {ours, other}
