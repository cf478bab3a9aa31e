"""Recurring problems with the broker: in words for a person, and without filling the log."""

import time
from urllib.parse import urlsplit

from nats.errors import NoServersError
from nats.js.errors import APIError, ServiceUnavailableError

from shared.messaging._settings import BrokerSettings, login_refused
from shared.observability import logger

_FIRST_S, _MOST_S = 0.5, 15.0
_NO_CLUSTER, _NO_PLACE = 10074, 10005  # error codes of nats-server

log = logger(__name__)


class Trouble:
    """Consecutive problems until it works again: each try waits twice as long as the one before, and logs once.

    Several slots may share one: a slot that meets a problem that was just logged silently waits for the same moment.
    """

    def __init__(self, event: str, most_s: float = _MOST_S) -> None:
        self._event, self._most_s = event, most_s
        self._problem: str | None = None
        self._pause_s, self._until = 0.0, 0.0

    def tell(self, problem: str) -> float:
        """Log `problem` unless that was just done; returns the seconds to wait before the next try."""
        now = time.monotonic()
        if problem == self._problem and now < self._until:
            return self._until - now
        self._pause_s = min(self._pause_s * 2, self._most_s) if self._pause_s else _FIRST_S
        self._problem, self._until = problem, now + self._pause_s
        log.warning(self._event, error=problem, again_in_s=self._pause_s)
        return self._pause_s

    def over(self) -> None:
        """It works again: the next problem is a new one."""
        self._problem, self._pause_s = None, 0.0


def broker_problem(error: BaseException, settings: BrokerSettings) -> str:
    """What is wrong with the broker, and the remedy if there is one."""
    if refusal := login_refused(error, settings):
        return refusal
    if isinstance(error, APIError) and error.err_code in (_NO_CLUSTER, _NO_PLACE):
        copies = f"the broker cannot keep {settings.nats_replicas} copies of a stream ({error.description})"
        return f"{copies}: set NATS_REPLICAS to 1, or use a cluster of at least as many brokers"
    if isinstance(error, ServiceUnavailableError):
        return (
            f"the broker does not serve JetStream ({error.description or 'nobody answers for it'}): it must be started "
            "with it (-js), and of a cluster more than half must be there"
        )
    if isinstance(error, NoServersError | ConnectionError):
        address = urlsplit(settings.nats_url).netloc.rpartition("@")[2] or settings.nats_url
        return f"no broker answers at {address} (NATS_URL)"
    if isinstance(error, TimeoutError):
        return "the broker does not answer in time"
    return str(error) or repr(error)
