"""Every stream, subject and bucket name of LocalClip, and how they are built and read."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from shared.pipeline import Lane, Stage

JOBS = "LOCALCLIP_JOBS"
RESULTS = "LOCALCLIP_RESULTS"
EVENTS = "LOCALCLIP_EVENTS"
DEAD = "LOCALCLIP_DEAD"
ADVISORIES = "LOCALCLIP_ADVISORIES"
CANCEL_BUCKET = "localclip_cancel"
HANDED_BACK_BUCKET = "localclip_handed_back"
ENGINES_BUCKET = "localclip_engines"

LIVE_PREFIX = "localclip.live"
"""Stored events are republished below this prefix with their sequence in the header `Nats-Sequence`."""

EVENTS_PREFIX = "localclip.events"

COMMANDS_PREFIX = "localclip.commands"
"""Requests of the operator's programs to the gateway, which replies (core NATS)."""
ANY_FACT = "{task_id}.{language}.{subject}.{fact}"
"""Facts below either prefix, with variable tokens in FastStream's notation."""

ANY_RAW_PROGRESS = "localclip.progress.{task_id}.{language}.{stage}"
ANY_DEAD = "localclip.dead.{stage}"

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class JobSubject:
    """The address of a job: at most one message with it is open at any time."""

    stage: Stage
    lane: Lane
    task_id: str
    language: str
    shard: str
    attempt: int

    def __str__(self) -> str:
        tokens = (self.stage, self.lane, self.task_id, self.language, self.shard, str(self.attempt))
        return "localclip.jobs." + ".".join(check_token(token) for token in tokens)

    @staticmethod
    def template(stage: Stage) -> str:
        """The addresses of all jobs of a stage, with placeholders for the variable tokens."""
        return f"localclip.jobs.{stage}.{{lane}}.{{task_id}}.{{language}}.{{shard}}.{{attempt}}"

    @classmethod
    def parse(cls, subject: str) -> "JobSubject":
        """Read a subject back. Raises: ValueError."""
        tokens = subject.split(".")
        if len(tokens) != 8 or tokens[:2] != ["localclip", "jobs"]:
            raise ValueError(f"not a job subject: {subject}")
        stage, lane, task_id, language, shard, attempt = tokens[2:]
        return cls(Stage(stage), Lane(lane), task_id, language, shard, int(attempt))


class Addressed(Protocol):
    """Something that identifies a job: its message, subject, row or result."""

    @property
    def task_id(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def stage(self) -> Any: ...
    @property
    def shard(self) -> str: ...
    @property
    def attempt(self) -> int: ...


def address_of(job: Addressed) -> dict[str, Any]:
    """The five fields by which a result is matched with its job."""
    return {
        "task_id": job.task_id,
        "language": job.language,
        "stage": Stage(job.stage() if callable(job.stage) else job.stage),
        "shard": job.shard,
        "attempt": job.attempt,
    }


def check_token(token: str) -> str:
    """Return `token` if it is safe inside a subject. Raises: ValueError."""
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"not a subject token: {token!r}")
    return token


def job_filter(stage: Stage, lane: Lane) -> str:
    """All jobs of one stage and lane."""
    return f"localclip.jobs.{stage}.{lane}.>"


def job_consumer(stage: Stage, lane: Lane) -> str:
    """Name of the durable consumer of one stage and lane."""
    return f"{stage}-{lane}"


def results(stage: str) -> str:
    """Where workers report results."""
    return f"localclip.results.{stage}"


def deliveries_spent(consumer: str) -> str:
    """Where the broker announces that it gave up delivering a job."""
    return f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{JOBS}.{consumer}"


def dead(stage: str) -> str:
    """Where unprocessable messages go."""
    return f"localclip.dead.{check_token(stage)}"


def workers(stage: str) -> str:
    """Where workers send heartbeats; unreliable, but repeated."""
    return f"localclip.workers.{stage}"


def raw_progress(task_id: str, language: str, stage: Stage) -> str:
    """Unreliable progress of one worker."""
    return f"localclip.progress.{check_token(task_id)}.{check_token(language)}.{stage}"


def event(task_id: str, language: str, subject: str, fact: str) -> str:
    """A fact, e.g. `localclip.events.<task>.en.translation.completed`."""
    tokens = (task_id, language, subject, fact)
    return f"{EVENTS_PREFIX}." + ".".join(check_token(token) for token in tokens)


def cancel_key(task_id: str, language: str | None = None, shard: str | None = None) -> str:
    """Key of the cancel flag of a task, of one of its languages, or of one shard there."""
    return ".".join(check_token(token) for token in (task_id, language, shard) if token is not None)
