"""Who gets the next free slot of a stage."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A ready batch job, in order of creation."""

    job_id: int
    stage: str
    task_id: str
    language: str


def choose(waiting: Iterable[Waiting], in_flight: Mapping[str, Mapping[str, int]], window: int) -> list[int]:
    """Ids of the jobs to hand out now, in order.

    Per stage at most `window` jobs are out, `in_flight[stage][task_id]` of them already. The next slot goes to the
    task with the fewest jobs out (then the one waiting longest), and inside a task to its languages in turn, so that
    a two-hour film does not block a one-minute clip.
    """
    chosen: list[int] = []
    by_stage: dict[str, list[Waiting]] = defaultdict(list)
    for job in waiting:
        by_stage[job.stage].append(job)
    for stage, jobs in by_stage.items():
        out = dict(in_flight.get(stage, {}))
        queues = _queues(jobs)
        free = window - sum(out.values())
        while free > 0 and queues:
            task = min(queues, key=lambda name: out.get(name, 0))  # ties: insertion order, i.e. waiting longest
            languages = queues[task]
            language, queue = next(iter(languages.items()))
            chosen.append(queue.popleft())
            del languages[language]
            if queue:
                languages[language] = queue  # to the back: the next language is next
            if not languages:
                del queues[task]
            out[task] = out.get(task, 0) + 1
            free -= 1
    return chosen


def _queues(jobs: list[Waiting]) -> dict[str, dict[str, deque[int]]]:
    queues: dict[str, dict[str, deque[int]]] = {}
    for job in jobs:
        queues.setdefault(job.task_id, {}).setdefault(job.language, deque()).append(job.job_id)
    return queues
