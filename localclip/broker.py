"""The broker of a local stack: accounts with generated passwords, stored beside its streams, readable only by the
owner."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.messaging import Role

READER, OPERATOR = "automation", "operator"
_OLD_ACCOUNT = "$G"
_ROOM = """# What the streams may take at most. Left to itself, the server counts with three quarters of what is free
# on the disk at each start, and makes and changes no stream on a disk that became fuller.
jetstream: {max_file_store: 16GB}
"""


class LocalBroker:
    """How nats-server is started for the folder `data`, and the logins of all its users.

    Passwords survive restarts; rights are written again each time, since they change with the version.
    """

    def __init__(self, data: Path, port: int) -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self.streams = data.resolve() / "nats"
        self._folder = data.resolve() / "broker"
        self.config = self._folder / "accounts.conf"
        self.reader_file = self._folder / f"{READER}.env"

    def prepare(self) -> None:
        """Write what the server reads, and the logins of the operator's own programs. Raises: OSError."""
        from shared.messaging import broker_config  # takes a second, which other commands do not need

        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        passwords = self._draw()
        _write_private(self._passwords_file, json.dumps(passwords, indent=2))
        _write_private(self.config, _ROOM + broker_config(passwords))
        for user in (READER, OPERATOR):
            login = "".join(f"{name}={word}\n" for name, word in self.login(user).items())
            _write_private(self._folder / f"{user}.env", login)
        self._adopt_streams()

    def login(self, user: str) -> Mapping[str, str]:
        """The settings with which a service, or a program of the operator, speaks to the broker."""
        return {"NATS_URL": self.url, "NATS_USER": user, "NATS_PASSWORD": self._kept()[user]}

    @property
    def _passwords_file(self) -> Path:
        return self._folder / "passwords.json"

    def _draw(self) -> "dict[Role, str]":
        from shared.messaging import Role

        kept = self._kept()
        return {role: kept.get(role) or secrets.token_hex(24) for role in Role}

    def _kept(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._passwords_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # never generated, or truncated: only this stack depends on them
            return {}
        return found

    def _adopt_streams(self) -> None:
        """Adopt the streams of a version that had one unnamed account."""
        from shared.messaging import ACCOUNT

        old, new = (self.streams / "jetstream" / name for name in (_OLD_ACCOUNT, ACCOUNT))
        if old.exists() and not new.exists():
            old.rename(new)


def _write_private(path: Path, text: str) -> None:
    """Write a file that only the owner can read, atomically."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
