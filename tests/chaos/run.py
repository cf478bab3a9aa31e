"""One run: everything starts, people work while things are killed, everything comes back, and all is counted."""

import asyncio
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
from sqlalchemy import Engine, create_engine, text

from tests.chaos import observed
from tests.chaos.count import Finding, count, left_over
from tests.chaos.door import Door
from tests.chaos.listener import Listener
from tests.chaos.people import Person, Story
from tests.chaos.plan import Plan
from tests.chaos.stack import NotUpError, Stack, prepared

AT_ONCE = 6
"""How many people work at the same time."""
_SETTLE_S = 300.0
_QUIET_S = 150.0
_LOOK_S = 1.0
_TALK_EVERY_S = 15.0
_WORDS = ("job_already_done", "job_done_elsewhere", "job_reissued", "result_ignored", "job_handed_back", "job_retried")
Say = Callable[[str], None]


@dataclass
class Outcome:
    """What a run found, and how much it did."""

    plan: Plan
    folder: Path
    findings: list[Finding] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)


def run(plan: Plan, folder: Path, say: Say) -> Outcome:
    """Carry out `plan` in `folder`, which is removed when all is well. Raises: ServerUnavailable."""
    folder.mkdir(parents=True)
    with prepared(folder, plan.database) as stack:
        try:
            outcome = asyncio.run(_run(plan, stack, say))
        except NotUpError as error:
            outcome = Outcome(plan, folder, [Finding("LOST", str(error))])
    if outcome.findings:
        told = "".join(f"{finding.kind}: {finding.what}\n" for finding in outcome.findings)
        (folder / "findings.txt").write_text(told, encoding="utf-8")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


async def _run(plan: Plan, stack: Stack, say: Say) -> Outcome:
    outcome = Outcome(plan, stack.folder)
    engine = create_engine(stack.database_url)
    listener = Listener(stack.urls)
    stories = [Story(script) for script in plan.scripts]
    try:
        await stack.start()
        listening = asyncio.create_task(listener.run())
        limits = httpx.Limits(max_keepalive_connections=0)  # a kept connection to a dead gateway tells nothing new
        async with httpx.AsyncClient(timeout=30.0, limits=limits) as http:
            door = Door(stack.urls, http)
            settled_s = await _live(plan, stack, stories, door, say)
        began = time.monotonic()
        await _quiet(stack, engine, stories, listener, say)
        quiet_s = time.monotonic() - began
        listening.cancel()
        seen = await observed.all_of(engine, stack.broker.url, stack.objects, stack.work)
    finally:
        await stack.stop()
        engine.dispose()
    (stack.folder / "rows.json").write_text(json.dumps(seen.rows, default=str, indent=1), encoding="utf-8")
    outcome.findings = count(stories, seen, listener.heard)
    outcome.findings += [Finding("EVENTS", "a client was told that the past is gone")] * listener.resyncs
    outcome.findings += [Finding("LEFT OVER", f"does not end after SIGTERM: {who}") for who in stack.stuck()]
    outcome.findings += [Finding("LEFT OVER", f"child process {who}") for who in _children(stack.folder)]
    outcome.findings += [Finding("ANSWERS", f"the broker: {line}") for line in stack.broker.refusals()]
    outcome.figures = _figures(stack, seen, door, listener)
    outcome.figures |= {"tasks": len(stories), "settled s": round(settled_s, 1), "quiet s": round(quiet_s, 1)}
    return outcome


def _figures(stack: Stack, seen: observed.Observed, door: Door, listener: Listener) -> dict[str, object]:
    """How much was done, and how often something had to be repeated."""
    return {
        "kills": sum(stack.kills.values()),
        "killed": dict(stack.kills),
        "jobs": len(seen.rows["jobs"]),
        "facts": len([fact for fact in seen.told if not fact.what.endswith(".progress")]),
        "stored twice": _stored_twice(seen),
        "requests": door.requests,
        "tried again": dict(door.errors),
        "streams opened": listener.connections,
        "resends": sum(int(job["resends"]) for job in seen.rows["jobs"]),
        **_said(stack),
        "ended by themselves": stack.ended,
    }


async def _live(plan: Plan, stack: Stack, stories: list[Story], door: Door, say: Say) -> float:
    """The kills, and people who come as they go on; seconds from the last kill until all of them were done."""
    struck = 0
    began_to = [asyncio.Event() for _ in stories]
    free = asyncio.Semaphore(AT_ONCE)
    ends = {"people": float("inf")}
    began = time.monotonic()

    async def person(number: int, story: Story) -> None:
        await began_to[number].wait()
        async with free:
            run_name = f"{plan.seed}-{plan.database}"
            await Person(door, run_name, story, lambda: ends["people"]).live()

    people = asyncio.gather(*(person(number, story) for number, story in enumerate(stories)))
    talk = asyncio.create_task(_talk(lambda: struck, plan, stories, began, say))
    try:
        for strike in plan.strikes:
            for number in range(1 + struck * len(stories) // len(plan.strikes)):
                began_to[number].set()
            await asyncio.sleep(strike.gap_s)
            await stack.strike(strike)
            struck += 1
        for may_begin in began_to:
            may_begin.set()
        await stack.all_up()
        over = time.monotonic()
        ends["people"] = over + _SETTLE_S
        await people
    finally:
        talk.cancel()
        people.cancel()
    return time.monotonic() - over


async def _talk(struck: Callable[[], int], plan: Plan, stories: list[Story], began: float, say: Say) -> None:
    while True:
        await asyncio.sleep(_TALK_EVERY_S)
        done = sum(story.is_over for story in stories)
        say(
            f"{time.monotonic() - began:4.0f} s: {struck()} of {len(plan.strikes)} kills, "
            f"{done} of {len(stories)} tasks where their owners want them"
        )


async def _quiet(stack: Stack, engine: Engine, stories: list[Story], listener: Listener, say: Say) -> None:
    """Wait until nothing is left over and the listener has everything, or the time is up: the count tells then."""
    await asyncio.to_thread(_make_old, engine)
    until = time.monotonic() + _QUIET_S
    while time.monotonic() < until:
        seen = observed.Observed(
            rows=await asyncio.to_thread(observed.rows, engine),
            objects=observed.objects(stack.objects),
            queued=await observed.queued(stack.broker.url),
            unfinished=observed.unfinished(stack.objects),
            work_folders=observed.work_folders(stack.work),
        )
        left = left_over(stories, seen)
        behind = await observed.last_fact(stack.broker.url) > listener.last
        if not left and not behind:
            return
        await asyncio.sleep(_LOOK_S)
    say(f"not quiet after {_QUIET_S:.0f} s")


def _make_old(engine: Engine) -> None:
    """Uploads that a gateway took with it are given up after a day: let that day be over."""
    long_ago = datetime.now(UTC) - timedelta(days=2)
    with engine.begin() as connection:
        value = long_ago if engine.dialect.name == "postgresql" else long_ago.strftime("%Y-%m-%d %H:%M:%S.%f")
        connection.execute(text("UPDATE tasks SET updated_at = :at WHERE status = 'uploading'"), {"at": value})


def _stored_twice(seen: observed.Observed) -> int:
    return sum(times - 1 for times in Counter(fact.id for fact in seen.told).values())


def _said(stack: Stack) -> dict[str, int]:
    """How often the services said that something was repeated or repaired."""
    found: Counter[str] = Counter()
    for log in stack.folder.glob("*.log*"):
        content = log.read_text(errors="replace")
        for word in _WORDS:
            found[word] += content.count(f'"{word}"')
    return dict(found)


def _children(folder: Path) -> list[str]:
    """Processes that our services left behind."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("LOCALCLIP_WORK_DIR") == str(folder / "work"):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
        except (psutil.Error, OSError):
            continue
    return found
