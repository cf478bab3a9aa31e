"""The table of what the product costs: before it was made cheaper, now, and what it should be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.orchestration.before import BEFORE


@dataclass(frozen=True)
class _Row:
    """A figure found in the results of a part, and its target: at most so much, or at least."""

    what: str
    part: str
    find: Callable[[Any], float]
    target: float
    unit: str
    at_least: bool = False

    def cells(self, results: Mapping[str, Any]) -> str | None:
        """Its line; None where its part was never run."""
        if self.part not in results:
            return None
        now = self.find(results[self.part])
        before = f"{self.find(BEFORE[self.part]):g} {self.unit}" if self.part in BEFORE else "–"
        met = now >= self.target if self.at_least else now <= self.target
        sign, verdict = "≥" if self.at_least else "≤", "yes" if met else "**no**"
        return f"| {self.what} | {before} | {now:g} {self.unit} | {sign} {self.target:g} {self.unit} | {verdict} |"


def _gateway(part: Any) -> float:
    return float(part["cpu_ms"]["gateway"])


def _others(part: Any) -> float:
    return float(round(sum(part["cpu_ms"][name] for name in ("progress", "broker", "workers")), 2))


def _all(part: Any) -> float:
    return float(sum(part["cpu_ms"].values()))


_ROWS = (
    _Row("jobs a second, 60 tasks × 40 lines, SQLite", "sqlite", lambda part: part["jobs_per_s"], 60, "", True),
    _Row("the same, PostgreSQL", "postgres", lambda part: part["jobs_per_s"], 50, "", True),
    _Row("CPU for a job: gateway, SQLite", "sqlite", _gateway, 5, "ms"),
    _Row("the same, PostgreSQL", "postgres", _gateway, 5, "ms"),
    _Row("CPU for a job: progress, broker and worker runtime", "sqlite", _others, 10, "ms"),
    _Row("CPU for a job of a task of 2 000 lines: gateway", "long", _gateway, 6, "ms"),
    _Row("CPU for a job with 10 000 tasks in flight ÷ with 100", "flight", lambda part: part["growth"], 1.15, "×"),
    _Row("`GET /api/tasks?limit=100` at half that rate, p95", "list", lambda part: part["p95_ms"], 50, "ms"),
    _Row("the same, CPU", "list", lambda part: part["cpu_ms"], 50, "ms"),
    _Row("100 000 tasks: a page of the list, CPU", "many", lambda part: part["page"]["cpu_ms"], 60, "ms"),
    _Row("100 000 tasks: a search, CPU", "many", lambda part: part["search"]["cpu_ms"], 150, "ms"),
    _Row("100 000 tasks: a sweep, CPU", "many", lambda part: part["sweep"]["cpu_ms"], 200, "ms"),
    _Row("longest write lock: 2 000 lines × 7 languages", "lock", lambda part: part["transcript_s"], 0.3, "s"),
    _Row("the same, CPU", "lock", lambda part: part["transcript_cpu_s"], 0.3, "s"),
    _Row("2 000 event streams, an event a second: p99", "streams", lambda part: part["p99_ms"], 100, "ms"),
    _Row("the same, CPU for an event", "streams", lambda part: part["cpu_ms_per_event"], 100, "ms"),
    _Row("memory for an event stream", "streams", lambda part: part["kib_each"], 30, "KiB"),
    _Row("kept of the jobs of a language, 2 000 lines", "long", lambda part: part["kept_bytes"], 0, "bytes"),
)


def render(results: Mapping[str, Any]) -> str:
    """The table as Markdown, and how busy others kept the machine."""
    lines = ["| what | before | measured | target | met |", "|---|---|---|---|---|"]
    lines += [line for row in _ROWS if (line := row.cells(results)) is not None]
    busy = [part["others_share"] for part in results.values() if isinstance(part, dict) and "others_share" in part]
    if busy:
        lines += ["", f"Other work took {min(busy):.0%} to {max(busy):.0%} of the machine's CPU meanwhile."]
    return "\n".join(lines)
