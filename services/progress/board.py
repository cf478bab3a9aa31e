"""What is being worked on right now, and which update is due. In memory, without its own clock or broker."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.progress.folding import Folded, begin, eta_seconds, finish, fold, percent, recall
from shared.messaging import Progress, RawProgress
from shared.pipeline import Stage


@dataclass(frozen=True)
class Unit:
    """What has one progress: a stage of a language of a task."""

    task_id: str
    language: str
    stage: Stage


@dataclass
class _Entry:
    folded: Folded
    heard_at: float
    recalled: bool = False
    completed: bool = False
    told: Progress | None = None
    told_at: float = field(default=float("-inf"))


class Board:
    """Every active unit; limited to those heard from within `silence_s`."""

    def __init__(self, interval_s: float, silence_s: float) -> None:
        self._interval_s, self._silence_s = interval_s, silence_s
        self._entries: dict[Unit, _Entry] = {}
        self._ended: dict[Unit, tuple[int, float]] = {}
        self._deleted: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def hear(self, word: RawProgress, now: float) -> None:
        """Record a worker's report, unless its attempt is over or its task gone."""
        unit = Unit(word.task_id, word.language, word.stage)
        if self._is_over(unit, word.attempt):
            return
        entry = self._entries.get(unit)
        folded = fold(entry.folded if entry else None, word, now)
        if entry is None:
            self._entries[unit] = _Entry(folded, now)
        else:
            self._renew(entry, folded, now)

    def started(self, unit: Unit, attempt: int, now: float) -> None:
        """An attempt begins: at zero, if nothing was heard of it yet."""
        entry = self._entries.get(unit)
        if self._is_over(unit, attempt) or (entry and entry.folded.attempt >= attempt):
            return
        if entry is None:
            self._entries[unit] = _Entry(begin(attempt, now), now)
        else:
            self._renew(entry, begin(attempt, now), now)

    def completed(self, unit: Unit, attempt: int, now: float) -> None:
        """An attempt is done: the last update is due."""
        entry = self._entries.get(unit)
        if self._is_over(unit, attempt) or (entry and entry.folded.attempt > attempt):
            return
        if entry is None:
            entry = self._entries[unit] = _Entry(begin(attempt, now), now)
        elif entry.folded.attempt < attempt:
            self._renew(entry, begin(attempt, now), now)
        entry.folded = finish(entry.folded)
        entry.completed, entry.heard_at = True, now

    def stopped(self, unit: Unit, attempt: int, now: float) -> None:
        """An attempt failed or was canceled: nothing more is reported about it."""
        entry = self._entries.get(unit)
        if entry and entry.folded.attempt <= attempt:
            del self._entries[unit]
        self._end(unit, attempt, now)

    def deleted(self, task_id: str, now: float) -> None:
        """A task is gone: nothing more is reported about it."""
        self._deleted[task_id] = now
        for unit in [unit for unit in self._entries if unit.task_id == task_id]:
            del self._entries[unit]

    def due(self, now: float) -> list[Unit]:
        """Units with something new to report, if enough time has passed since the last update."""
        return [unit for unit, entry in self._entries.items() if self._is_due(entry, now)]

    def must_recall(self, unit: Unit) -> bool:
        """Whether it is still unknown what was reported about `unit` before this service started."""
        entry = self._entries.get(unit)
        return entry is not None and not entry.recalled

    def recall(self, unit: Unit, kept: Progress | None, now: float) -> None:
        """Continue from `kept`, the last stored update of `unit`; an older attempt is dropped."""
        entry = self._entries.get(unit)
        if entry is None or entry.recalled:
            return
        entry.recalled = True
        if kept is None or kept.attempt < entry.folded.attempt:
            return
        if kept.attempt > entry.folded.attempt:
            self.stopped(unit, entry.folded.attempt, now)
            return
        entry.told = kept
        entry.folded = finish(entry.folded) if entry.completed else recall(entry.folded, kept.progress, now)
        self._close(unit, entry, now)

    def update(self, unit: Unit, now: float) -> Progress | None:
        """What to report about `unit`; None when it is gone or was already reported."""
        entry = self._entries.get(unit)
        if entry is None or not _is_new(entry):
            return None
        return Progress(
            task_id=unit.task_id,
            language=unit.language,
            stage=unit.stage,
            attempt=entry.folded.attempt,
            progress=percent(entry.folded),
            message=entry.folded.message,
            eta_seconds=eta_seconds(entry.folded, now),
        )

    def told(self, unit: Unit, update: Progress, now: float) -> None:
        """Note that `update` was stored; after the last one of a completed attempt the unit is dropped."""
        entry = self._entries.get(unit)
        if entry is None:
            return
        entry.told, entry.told_at = update, now
        self._close(unit, entry, now)

    def forget_silent(self, now: float) -> int:
        """Drop units that have been silent for long; return how many."""
        limit = now - self._silence_s
        silent = [unit for unit, entry in self._entries.items() if entry.heard_at < limit]
        for unit in silent:
            del self._entries[unit]
        self._ended = {unit: end for unit, end in self._ended.items() if end[1] >= limit}
        self._deleted = {task_id: at for task_id, at in self._deleted.items() if at >= limit}
        return len(silent)

    def units_of(self, task_id: str) -> Iterator[tuple[Unit, int]]:
        """Active units of a task, with their attempts."""
        yield from [(unit, entry.folded.attempt) for unit, entry in self._entries.items() if unit.task_id == task_id]

    def _renew(self, entry: _Entry, folded: Folded, now: float) -> None:
        if folded.attempt > entry.folded.attempt:
            entry.completed = False
        elif entry.completed:
            folded = finish(folded)
        entry.folded, entry.heard_at = folded, now

    def _is_over(self, unit: Unit, attempt: int) -> bool:
        return unit.task_id in self._deleted or attempt <= self._ended.get(unit, (0, 0.0))[0]

    def _is_due(self, entry: _Entry, now: float) -> bool:
        return now - entry.told_at >= self._interval_s and _is_new(entry)

    def _close(self, unit: Unit, entry: _Entry, now: float) -> None:
        if entry.completed and not _is_new(entry):
            del self._entries[unit]
            self._end(unit, entry.folded.attempt, now)

    def _end(self, unit: Unit, attempt: int, now: float) -> None:
        self._ended[unit] = (max(attempt, self._ended.get(unit, (0, 0.0))[0]), now)


def _is_new(entry: _Entry) -> bool:
    """Whether a person would see a difference from the last report: a new estimate alone is not worth an event."""
    told, folded = entry.told, entry.folded
    if told is None or told.attempt < folded.attempt:
        return True
    message_is_new = folded.message != told.message and not entry.completed
    return percent(folded) > told.progress or message_is_new
