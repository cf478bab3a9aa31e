"""Who gets the next free slot of a stage."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A ready job; those of one task are in order of creation."""

    job_id: int
    owner: str
    task_id: str
    language: str


def choose(waiting: Iterable[Waiting], out: Mapping[tuple[str, str], int], window: int) -> list[int]:
    """Ids of the jobs of one stage and lane to hand out now, in order.

    At most `window` jobs are out, `out[owner, task_id]` of them already. The next slot goes to the owner with the
    fewest jobs out, there to the task with the fewest (then the one that stands first), and inside a task to its
    languages in turn, so that neither another's thousand videos nor a two-hour film blocks a one-minute clip.
    """
    chosen: list[int] = []
    queues = _queues(waiting)
    of_task, of_owner = Counter(out), Counter[str]()
    for (owner, _), count in out.items():
        of_owner[owner] += count
    free = window - sum(out.values())
    while free > 0 and queues:
        owner, task = min(queues, key=lambda who: (of_owner[who[0]], of_task[who]))
        languages = queues[owner, task]
        language, queue = next(iter(languages.items()))
        chosen.append(queue.popleft())
        del languages[language]
        if queue:
            languages[language] = queue  # to the back: the next language is next
        if not languages:
            del queues[owner, task]
        of_owner[owner] += 1
        of_task[owner, task] += 1
        free -= 1
    return chosen


def _queues(jobs: Iterable[Waiting]) -> dict[tuple[str, str], dict[str, deque[int]]]:
    queues: dict[tuple[str, str], dict[str, deque[int]]] = {}
    for job in jobs:
        queues.setdefault((job.owner, job.task_id), {}).setdefault(job.language, deque()).append(job.job_id)
    return queues
