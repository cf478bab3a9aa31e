"""One command dubs a folder into many languages while everything is killed; then all is counted.

The kills are spread over the work, by how many languages are done: on a slow machine the run is longer, not calmer.
"""

import asyncio
import random
import shutil
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos import observed
from tests.chaos.count import Finding, facts_of, left_over, stages_of
from tests.chaos.plan import Database, draw
from tests.chaos.run import Outcome, Say
from tests.chaos.stack import NotUpError, Stack, prepared

LANGUAGES = ("es", "fr", "de", "ja", "ko", "id", "en")
"""Everything there is to dub into; so the clips are Chinese."""
_HEAD = b"\x00\x00\x00\x20ftypisom"
_LINES = 3
_SETTINGS = {
    "STUB_SEGMENTS": str(_LINES),
    "STUB_HEARS": "",
    "STUB_SLOTS": "2",
    "CHAOS_LANGUAGES": ",".join(LANGUAGES),
}
_LOOK_S = 0.2
_TALK_EVERY_S = 30.0
_QUIET_S = 150.0
_GOOD = (0, 3)
"""What the command ends with when everything was made; a gate that stubs do not reach is no matter here."""


@dataclass(frozen=True)
class Asked:
    """The folder, and what it is to become."""

    clips: int
    languages: tuple[str, ...]

    @property
    def all(self) -> int:
        """Languages of all clips together."""
        return self.clips * len(self.languages)

    def names(self) -> list[str]:
        """Of the videos."""
        return [f"clip {number:04}.mp4" for number in range(1, self.clips + 1)]


def run_batch(seed: int, database: Database, asked: Asked, kills: int, folder: Path, say: Say) -> Outcome:
    """Dub `asked` with one command in `folder`, which is removed when all is well. Raises: ServerUnavailable."""
    folder.mkdir(parents=True)
    plan = draw(seed, database, kills, 0)
    with prepared(folder, database, _SETTINGS) as stack:
        outcome = Outcome(plan, folder)
        try:
            asyncio.run(_run(outcome, stack, asked, say))
        except NotUpError as error:
            outcome.findings.append(Finding("LOST", str(error)))
    if outcome.findings:
        listed = "".join(f"{finding.kind}: {finding.what}\n" for finding in outcome.findings)
        (folder / "findings.txt").write_text(listed, encoding="utf-8")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


async def _run(outcome: Outcome, stack: Stack, asked: Asked, say: Say) -> None:
    engine = create_engine(stack.database_url)
    videos, out = stack.folder / "videos", stack.folder / "dubbed"
    videos.mkdir()
    for number, name in enumerate(asked.names()):
        (videos / name).write_bytes(_HEAD + random.Random(number).randbytes(4_000))
    try:
        await stack.start()
        began = time.monotonic()
        command = await _command(stack, asked, videos, out)
        killing = asyncio.create_task(_kill(outcome, stack, engine, asked, command, say))
        code = await command.wait()
        took_s = time.monotonic() - began
        await killing
        await stack.all_up()
        await _quiet(stack, engine)
        seen = await observed.all_of(engine, stack.broker.url, stack.objects, stack.work)
        ends = await asyncio.to_thread(_batches, engine)
    finally:
        await stack.stop()
    engine.dispose()
    if code not in _GOOD:
        log = (stack.folder / "command.log").read_text(encoding="utf-8", errors="replace")
        outcome.findings.append(Finding("LOST", f"the command ended with {code}: {log[-400:]}"))
    outcome.findings += [*lost(asked, seen, out), *told(asked, seen, ends), *stages_of(seen), *facts_of(seen.told)]
    outcome.findings += left_over([], seen)
    outcome.figures = {
        "commands": 1,
        "clips": asked.clips,
        "languages": asked.all,
        "kills": sum(stack.kills.values()),
        "killed": dict(stack.kills),
        "jobs": len(seen.rows["jobs"]),
        "resends": sum(int(job["resends"]) for job in seen.rows["jobs"]),
        "the command took s": round(took_s, 1),
    }


async def _command(stack: Stack, asked: Asked, videos: Path, out: Path) -> Process:
    """What a person types, once."""
    said = ["batch", str(videos), "--to", ",".join(asked.languages), "--from", "zh", "--out", str(out), "--json"]
    with (stack.folder / "command.json").open("wb") as answer, (stack.folder / "command.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "localclip", *said, "--server", stack.urls[0], stdout=answer, stderr=log
        )


async def _kill(outcome: Outcome, stack: Stack, engine: Engine, asked: Asked, command: Process, say: Say) -> None:
    """Strike each time that another share of the languages is done."""
    chance = random.Random(f"marks {outcome.plan.seed}")
    marks = sorted(chance.uniform(0.0, 0.8) * asked.all for _ in outcome.plan.strikes)
    began = talked = time.monotonic()
    for number, (mark, strike) in enumerate(zip(marks, outcome.plan.strikes, strict=True), 1):
        while command.returncode is None:
            done = await asyncio.to_thread(_done, engine)
            if time.monotonic() - talked > _TALK_EVERY_S:
                talked = time.monotonic()
                say(f"{talked - began:4.0f} s: {done} of {asked.all} languages, {number - 1} kills")
            if done is not None and done >= mark:
                break
            await asyncio.sleep(_LOOK_S)
        if command.returncode is not None:
            outcome.findings.append(Finding("ANSWERS", f"the command ended before kill {number}"))
            return
        await stack.strike(strike)


def _done(engine: Engine) -> int | None:
    """How many languages are completed; None while the database is away or busy."""
    try:
        with engine.connect() as connection:
            query = text("SELECT count(*) FROM task_languages WHERE status = 'completed'")
            return int(connection.execute(query).scalar_one())
    except SQLAlchemyError:  # also before the first migration
        return None


def _batches(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT batch_id, state FROM batches")).mappings()]


async def _quiet(stack: Stack, engine: Engine) -> None:
    """Wait until nothing is left over, or the time is up: the count tells then."""
    until = time.monotonic() + _QUIET_S
    while time.monotonic() < until:
        seen = observed.Observed(
            rows=await asyncio.to_thread(observed.rows, engine),
            queued=await observed.queued(stack.broker.url),
            work_folders=observed.work_folders(stack.work),
        )
        ends = await asyncio.to_thread(_batches, engine)  # a batch ends a moment after its last video
        if not left_over([], seen) and all(end["state"] != "open" for end in ends):
            return
        await asyncio.sleep(1.0)


def lost(asked: Asked, seen: observed.Observed, out: Path) -> Iterator[Finding]:
    """Every clip is one task, each of its languages is made once, and its file is where the person wants it."""
    names = Counter(row["video_original_name"] for row in seen.rows["tasks"] if row["status"] != "uploading")
    for name in asked.names():
        if names[name] != 1:
            yield Finding("DOUBLE" if names[name] else "LOST", f"{name} is {names[name]} tasks")
    of_task = {row["task_id"]: row["video_original_name"] for row in seen.rows["tasks"]}
    made = Counter(
        (of_task.get(row["task_id"]), row["language"])
        for row in seen.rows["task_languages"]
        if row["status"] == "completed" and all(file["key"] in seen.objects for file in row["export_files"])
    )
    for name in asked.names():
        for language in asked.languages:
            if made[name, language] != 1:
                yield Finding("LOST", f"{name}: {language} is completed {made[name, language]} times")
            file = out / f"{Path(name).stem}.{language}.mp4"
            wanted = "\n".join(f"[{language}] line {number}" for number in range(_LINES))
            if not file.is_file() or file.read_text(encoding="utf-8") != wanted:
                yield Finding("LOST", f"{file.name} is not what was asked for")


def told(asked: Asked, seen: observed.Observed, ends: list[dict[str, Any]]) -> Iterator[Finding]:
    """There is one batch, and its end, that of each task and that of each language is told once."""
    if [end["state"] for end in ends] != ["completed"]:
        yield Finding("LOST" if len(ends) < 2 else "DOUBLE", f"batches: {ends}")
    once = {fact.id: fact for fact in seen.told}.values()
    for what, wanted in (("batch.completed", 1), ("task.completed", asked.clips), ("language.completed", asked.all)):
        times = Counter((fact.task_id, fact.language) for fact in once if fact.what == what)
        if len(times) < wanted:
            yield Finding("LOST", f"{what} was told of {len(times)} instead of {wanted}")
        yield from (Finding("DOUBLE", f"{where} {what}: {count} times") for where, count in times.items() if count > 1)
