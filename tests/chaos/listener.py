"""A client that follows every event, through every loss of its gateway, by `Last-Event-ID`."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

import httpx

_AGAIN_S = 0.3
_SILENT_S = 20.0


@dataclass
class Listener:
    """What arrived, as (sequence, event, id of the fact); how often the client had to come back."""

    urls: list[str]
    heard: list[tuple[int, str, str]] = field(default_factory=list)
    resyncs: int = 0
    connections: int = 0
    _last: int = 0

    async def run(self) -> None:
        """Listen until canceled, at each gateway in turn."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(10.0, read=_SILENT_S)) as client:
            while True:
                url = self.urls[self.connections % len(self.urls)]
                self.connections += 1
                with contextlib.suppress(httpx.HTTPError):  # the gateway died, or is not up yet
                    await self._listen(client, url)
                await asyncio.sleep(_AGAIN_S)

    @property
    def last(self) -> int:
        """Where it would go on."""
        return self._last

    async def _listen(self, client: httpx.AsyncClient, url: str) -> None:
        headers = {"Last-Event-ID": str(self._last)}
        async with client.stream("GET", f"{url}/api/events", headers=headers) as answer:
            if answer.status_code != 200:
                return
            frame: dict[str, str] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    frame[name] = value
                    continue
                self._take(frame)
                frame = {}

    def _take(self, frame: dict[str, str]) -> None:
        if "id" not in frame or frame.get("event") == "hello":
            return
        self._last = int(frame["id"])
        if frame["event"] == "resync":
            self.resyncs += 1
            return
        self.heard.append((self._last, frame["event"], str(json.loads(frame["data"])["id"])))
