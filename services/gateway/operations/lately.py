"""What the owners' jobs took of the slots in the last ten minutes, read bit by bit for all who ask."""

import copy
import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from statistics import median

from services.gateway.db import Session
from services.gateway.db.tables import now
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.fair_share import WINDOW, Held, Ledger
from shared.pipeline import Stage

_FRESH = timedelta(seconds=2)
_LATE = timedelta(seconds=30)
"""A job has ended before its transaction is committed, which waits for others and, rarely, takes long itself."""
_FEW = 500
_LAST = 20


class Lately:
    """Jobs that ended in the last ten minutes, of which only those that are new are read.

    Where a `few` or more are, one of those who ask reads them every two seconds, and the others wait for that.
    """

    def __init__(self, few: int = _FEW, clock: Callable[[], datetime] = now) -> None:
        self._few, self._clock = few, clock
        self._reading = threading.Lock()
        self._looked_at: datetime | None = None
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._known: set[int] = set()
        self._ledger = Ledger()
        self._took: dict[Stage, deque[tuple[datetime, float]]] = {}

    def ledger(self, session: Session) -> Ledger:
        """What the owners took of the slots, with what is out now. Blocking."""
        with self._reading:
            at = self._clock()
            if self._looked_at is None or len(self._known) < self._few or at - self._read_at >= _FRESH:
                self._read(session, at)
            found = copy.deepcopy(self._ledger)
        found.look(pipeline_rows.held_jobs(session), at)
        return found

    def typical_s(self, stage: Stage) -> float | None:
        """Median of how long the latest jobs of the stage were out; None when none has ended lately."""
        since = self._clock() - WINDOW
        with self._reading:
            took = [seconds for at, seconds in self._took.get(stage, ()) if at >= since]
        return median(took) if took else None

    def _read(self, session: Session, at: datetime) -> None:
        if self._looked_at is None or at - self._looked_at > WINDOW:
            self._known, self._ledger, self._took = set(), Ledger(), {}
            since = at - WINDOW
        else:
            since = max(at - WINDOW, self._looked_at - _LATE)
        ended = pipeline_rows.ended_jobs(session, since)
        self._add(sorted((pair for pair in ended if pair[0].job_id not in self._known), key=lambda pair: pair[1]), at)
        self._known = {one.job_id for one, _ in ended}
        self._looked_at = max(at, self._looked_at or at)
        self._read_at = self._clock()  # to read may have taken longer than it stays fresh

    def _add(self, ended: Iterable[tuple[Held, datetime]], at: datetime) -> None:
        for one, ended_at in ended:
            self._ledger.charge(one, ended_at)
            took = self._took.setdefault(one.queue[0], deque(maxlen=_LAST))
            took.append((ended_at, (ended_at - one.since).total_seconds()))
        self._ledger.look((), at)  # what is older than the window goes
