"""The broker of a local stack is closed: passwords of its own, in files for its owner alone."""

import asyncio
import re
import stat
import sys
from pathlib import Path

import nats
import psutil
import pytest
from nats.errors import Error as NatsError

from localclip.broker import LocalBroker
from localclip.stack import Stack


def test_passwords_are_drawn_once_and_kept(tmp_path: Path) -> None:
    """Another start changes nothing; another folder has others; a file that was cut off is drawn anew."""
    broker = LocalBroker(tmp_path, 4222)
    broker.prepare()
    first = broker.login("automation")
    broker.prepare()
    assert broker.login("automation") == first
    assert broker.login("gateway")["NATS_PASSWORD"] != first["NATS_PASSWORD"]
    assert f"NATS_PASSWORD={first['NATS_PASSWORD']}\n" in broker.reader_file.read_text()
    other = LocalBroker(tmp_path / "other", 4222)
    other.prepare()
    assert other.login("automation") != first
    (tmp_path / "broker" / "passwords.json").write_text('{"gate')
    broker.prepare()
    assert broker.login("automation") != first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    """Neither the files nor the folder, whatever it was before."""
    (tmp_path / "broker").mkdir(mode=0o755)
    broker = LocalBroker(tmp_path, 4222)
    broker.prepare()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "broker").iterdir()}
    assert modes == dict.fromkeys(("passwords.json", "accounts.conf", "automation.env", "operator.env"), 0o600)
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700


def test_streams_of_an_older_version_are_taken_over(tmp_path: Path) -> None:
    """They lay in the account without a name; once moved, what is there stays."""
    old = tmp_path / "nats" / "jetstream" / "$G" / "streams"
    old.mkdir(parents=True)
    broker = LocalBroker(tmp_path, 4222)
    broker.prepare()
    assert (tmp_path / "nats" / "jetstream" / "LOCALCLIP" / "streams").is_dir()
    assert not old.exists()
    old.mkdir(parents=True)
    broker.prepare()
    assert old.exists()


def test_a_running_stack_lets_nobody_in_and_shows_no_password(gateway: Stack) -> None:
    """Without a password nothing is read, and none stands on a command line or in a log."""

    async def come_in() -> None:
        client = await nats.connect(gateway.broker_url, allow_reconnect=False, connect_timeout=5)
        await client.close()

    with pytest.raises(NatsError):
        asyncio.run(come_in())
    words = [gateway.broker_login(user)["NATS_PASSWORD"] for user in ("gateway", "automation")]
    shown = [" ".join(psutil.Process(pid).cmdline()) for pid in gateway.pids().values()]
    assert gateway.reader_file is not None
    shown += [path.read_text() for path in (gateway.reader_file.parents[1] / "logs").iterdir()]
    assert not [text for text in shown for word in words if word in text]


def test_a_disk_that_fills_up_stops_no_start(gateway: Stack) -> None:
    """What the streams may take is said by the stack, not reckoned from what is free when the server starts."""
    assert gateway.reader_file is not None
    log = (gateway.reader_file.parents[1] / "logs" / "nats-server.log").read_text()
    assert re.search(r"Max Storage: +16\.00 GB", log), log
