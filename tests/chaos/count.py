"""Compare what was accepted with what is there: what is lost, double or left over. Pure: rows in, findings out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from tests.chaos.observed import Observed, Row, Told
from tests.chaos.people import Story

Kind = Literal["LOST", "DOUBLE", "LEFT OVER", "EVENTS", "ANSWERS"]
OPEN = ("ready", "dispatched")
_ENDS = ("completed", "failed", "canceled")
_MADE = ("export_{}.mp4", "timeline.json", "subtitles_{}.srt", "report.json")


@dataclass(frozen=True)
class Finding:
    """One thing that should not be, in words."""

    kind: Kind
    what: str


def count(stories: Sequence[Story], seen: Observed, heard: Sequence[tuple[int, str, str]]) -> list[Finding]:
    """Everything that is wrong. `heard` are sequence, event and id as the resumed client got them."""
    found: list[Finding] = []
    for story in stories:
        found += _tasks(story, seen)
        found += _answers(story)
    settled = {story.task_id for story in stories if story.is_over and story.script.fate == "completed"}
    found += _languages(seen, settled)
    found += stages_of(seen)
    found += facts_of(seen.told)
    found += _redubbed(seen)
    found += left_over(stories, seen)
    found += _heard(seen.told, heard)
    return found


def _answers(story: Story) -> Iterator[Finding]:
    name = story.name
    if story.unanswered:
        yield Finding("ANSWERS", f"{name} ({story.task_id}): {story.unanswered}")
    elif not story.is_over:
        yield Finding("LOST", f"{name} ({story.task_id}) was not {story.script.fate} in time")
    for what in story.refused:
        yield Finding("ANSWERS", f"{name} ({story.task_id}): {what}")
    for what in story.failures:
        yield Finding("LOST", f"{name} ({story.task_id}): {what}")


def _tasks(story: Story, seen: Observed) -> Iterator[Finding]:
    """A video is one task, with its bytes and with every edit that was accepted."""
    tasks = [row for row in seen.of("tasks", video_original_name=story.name) if row["status"] != "uploading"]
    ids = [row["task_id"] for row in tasks]
    if len(ids) > 1:
        yield Finding("DOUBLE", f"{story.name} became {len(ids)} tasks: {', '.join(ids)}")
    if story.script.fate == "deleted" and story.is_over:
        return  # what is left of it is found as left over
    if story.task_id is None:
        return
    if story.task_id not in ids:
        yield Finding("LOST", f"{story.name}: task {story.task_id} was accepted and is not there")
        return
    task = next(row for row in tasks if row["task_id"] == story.task_id)
    if story.is_over and story.script.fate == "completed" and task["status"] != "completed":
        yield Finding("LOST", f"{story.task_id} is {task['status']} instead of completed")
    video = seen.objects.get(task["video_key"])
    if video is None or video.read_bytes() != story.video:
        yield Finding("LOST", f"{story.task_id}: the video is not what was sent")
    lines = {(row["language"], row["segment_id"]): row for row in seen.of("lines", task_id=story.task_id)}
    for (language, segment), text in story.texts.items():
        have = lines.get((language, segment), {}).get("text")
        if have != text:
            yield Finding("LOST", f"{story.task_id} {language} {segment}: edited to {text!r}, is {have!r}")
    sources = {row["segment_id"]: row["text"] for row in seen.of("segments", task_id=story.task_id)}
    for segment, text in story.sources.items():
        if sources.get(segment) != text:
            yield Finding("LOST", f"{story.task_id} {segment}: edited to {text!r}, is {sources.get(segment)!r}")
    exports = {row["export_id"] for row in seen.of("exports", task_id=story.task_id)}
    for export_id in sorted(set(story.exports) - exports):
        yield Finding("LOST", f"{story.task_id}: the export {export_id} was accepted and is not there")
    for export_id in sorted(exports - set(story.exports)) if story.unanswered is None else ():
        yield Finding("DOUBLE", f"{story.task_id}: nobody asked for the export {export_id}")


def _languages(seen: Observed, settled: set[str | None]) -> Iterator[Finding]:
    """A completed language has its files; in a `settled` task every line has text and take, and the files say so.

    What a person edited and did not have spoken again does not count as done, so only those tasks are read in full.
    """
    starts = {(row["task_id"], row["segment_id"]): row["start_s"] for row in seen.rows["segments"]}
    lines: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in seen.rows["lines"]:
        lines[row["task_id"], row["language"]].append(row)
    for language in seen.of("task_languages", status="completed"):
        task_id, code = language["task_id"], language["language"]
        yield from _files(language, seen)
        if task_id not in settled:
            continue
        spoken = sorted(lines[task_id, code], key=lambda row: starts.get((task_id, row["segment_id"]), 0.0))
        if not spoken:
            yield Finding("LOST", f"{task_id} {code} is completed without any line")
        for line in spoken:
            yield from _line(line, seen)
        yield from _said(language, "\n".join(line["text"] or "" for line in spoken), seen)
    for export in seen.of("exports", status="completed"):
        for file in export["files"]:
            if file["key"] not in seen.objects:
                yield Finding("LOST", f"{export['task_id']}: {file['key']} is not in the store")


def _line(line: Row, seen: Observed) -> Iterator[Finding]:
    where = f"{line['task_id']} {line['language']} {line['segment_id']}"
    if not line["text"]:
        yield Finding("LOST", f"{where} has no text in a completed language")
    elif line["take_key"] is None or line["take_revision"] != line["revision"]:
        yield Finding("LOST", f"{where} has no take of its text in a completed language ({line['state']})")
    elif (take := seen.objects.get(line["take_key"])) is None:
        yield Finding("LOST", f"{where}: {line['take_key']} is not in the store")
    elif take.read_text() != line["text"]:
        yield Finding("LOST", f"{where} says {line['text']!r}, its take {take.read_text()!r}")


def _files(language: Row, seen: Observed) -> Iterator[Finding]:
    where, code = f"{language['task_id']} {language['language']}", language["language"]
    files = {file["name"]: file["key"] for file in language["export_files"]}
    for name in (pattern.format(code) for pattern in _MADE):
        if files.get(name) not in seen.objects:
            yield Finding("LOST", f"{where} is completed without {name}")
    if language["report"] is None:
        yield Finding("LOST", f"{where} is completed without a report")


def _said(language: Row, said: str, seen: Observed) -> Iterator[Finding]:
    """The file of a language holds what its lines say."""
    keys = {file["name"]: file["key"] for file in language["export_files"] if file["name"].endswith((".mp4", ".srt"))}
    for name, key in keys.items():
        if key in seen.objects and seen.objects[key].read_text() != said:
            yield Finding("LOST", f"{language['task_id']}: {name} does not hold what the lines say")


def stages_of(seen: Observed) -> Iterator[Finding]:
    """A run counts each of its jobs once."""
    jobs: dict[tuple[str, str, str, int], list[Row]] = defaultdict(list)
    for job in seen.rows["jobs"]:
        if job["run_stage"] is not None:
            jobs[job["task_id"], job["language"], job["run_stage"], job["attempt"]].append(job)
    for run in seen.rows["stage_runs"]:
        key = run["task_id"], run["language"], run["stage"], run["attempt"]
        # A run goes on without an optional job that is given up: it counts as done.
        over = [job for job in jobs[key] if job["state"] in ("done", "failed") or job["optional"]]
        counted = run["jobs_done"] + run["jobs_failed"]
        if counted > len(over) or counted > run["jobs_total"]:
            known = f"{len(over)} ended, {run['jobs_total']} in all"
            yield Finding("DOUBLE", f"{' '.join(map(str, key))} counted {counted} jobs: {known}")
        if run["status"] == "completed" and counted < run["jobs_total"]:
            yield Finding("LOST", f"{' '.join(map(str, key))} is completed with {counted} of {run['jobs_total']} jobs")


def facts_of(told: Iterable[Told]) -> Iterator[Finding]:
    """What begins and ends is told once and in order; what is stored twice with one id is one fact to every reader."""
    facts = list({fact.id: fact for fact in reversed(list(told))}.values())[::-1]
    changes = [fact for fact in facts if not fact.what.endswith(".progress")]
    yield from _progress(fact for fact in facts if fact.what.endswith(".progress"))
    yield from _tasks_told(fact for fact in changes)
    yield from _rests(fact for fact in changes)
    yield from _runs(fact for fact in changes if not fact.what.startswith(("task.", "language.")))


def _progress(told: Iterable[Told]) -> Iterator[Finding]:
    known: dict[tuple[str, str], int] = {}
    for fact in told:
        unit = fact.subject, _attempt(fact)
        if fact.data["progress"] < known.get(unit, 0):
            yield Finding("EVENTS", f"{_name(fact)}: from {known[unit]} back to {fact.data['progress']}")
        known[unit] = fact.data["progress"]


def _tasks_told(told: Iterable[Told]) -> Iterator[Finding]:
    """A task is created and deleted once, and after that nothing is told of it."""
    known: set[tuple[str, str]] = set()
    for fact in told:
        if (fact.task_id, "task.deleted") in known:
            yield Finding("EVENTS", f"{_name(fact)} was told after the task was deleted")
        if fact.what in ("task.created", "task.deleted"):
            if (fact.task_id, fact.what) in known:
                yield Finding("DOUBLE", f"{_name(fact)} was told twice")
            known.add((fact.task_id, fact.what))


def _rests(told: Iterable[Told]) -> Iterator[Finding]:
    """A task or a language does not come to the same end twice with nothing begun in between."""
    rests: dict[tuple[str, str], str] = {}
    for fact in told:
        topic, name = fact.what.split(".")
        where = fact.task_id, fact.language
        if topic in ("task", "language"):
            if name in _ENDS and rests.get(where) == fact.what:
                yield Finding("DOUBLE", f"{_name(fact)} was told twice with nothing in between")
            rests[where] = fact.what
        elif name == "started":  # the base stage begins for every language
            for task_id, language in list(rests):
                if task_id == fact.task_id and (fact.language == "base" or language in ("base", fact.language)):
                    del rests[task_id, language]


def _runs(told: Iterable[Told]) -> Iterator[Finding]:
    """A run of a stage, or an export by recipe, starts once and then ends once."""
    begun: set[tuple[str, ...]] = set()
    ended: dict[tuple[str, ...], str] = {}
    for fact in told:
        topic, name = fact.what.split(".")
        run = fact.task_id, fact.language, topic, _attempt(fact)
        if name == "started":
            if run in begun:
                yield Finding("DOUBLE", f"{_name(fact)} was told twice")
            begun.add(run)
        elif name in _ENDS and _attempt(fact):
            if run in ended:
                yield Finding("DOUBLE", f"{_name(fact)}: {ended[run]} before")
            if run not in begun:
                yield Finding("EVENTS", f"{_name(fact)} was told before its start")
            ended[run] = fact.what


def _attempt(fact: Told) -> str:
    return str(fact.data.get("attempt") or fact.data.get("export_id") or "")


def _name(fact: Told) -> str:
    return f"{fact.task_id} {fact.language} {fact.what} {_attempt(fact)}".rstrip()


def _redubbed(seen: Observed) -> Iterator[Finding]:
    """A line done again by itself is told of once for each of its jobs that ended."""
    ended: Counter[tuple[str, str, str]] = Counter()
    for job in seen.rows["jobs"]:
        if job["run_stage"] is None and job["shard"].startswith("line-") and job["state"] in ("done", "failed"):
            ended[job["task_id"], job["language"], job["shard"].removeprefix("line-")] += 1
    once = {fact.id: fact for fact in seen.told if fact.what in ("line.dubbed", "line.failed")}
    spoken = Counter((fact.task_id, fact.language, str(fact.data["segment_id"])) for fact in once.values())
    alive = {row["task_id"] for row in seen.rows["tasks"]}
    for line, times in spoken.items():
        if line[0] in alive and times > ended[line]:
            yield Finding("DOUBLE", f"{' '.join(line)} was dubbed {times} times by {ended[line]} jobs")


def left_over(stories: Sequence[Story], seen: Observed) -> list[Finding]:
    """What should go away by itself once all work is done."""
    gone = {story.task_id for story in stories if story.script.fate == "deleted" and story.is_over}
    found = [
        f"{name}: {subject} ({times} times)"
        for name, listed in seen.queued.items()
        for subject, times in Counter(listed).items()
    ]
    found += [f"outbox row {row['id']}: {row['payload'][:160]}" for row in seen.rows["outbox"]]
    found += [
        f"job {row['task_id']} {row['language']} {row['stage']} {row['shard']} {row['attempt']} is {row['state']}"
        for row in seen.rows["jobs"]
        if row["state"] in OPEN
    ]
    found += [f"task {row['task_id']} is still {row['status']}" for row in seen.of("tasks", status="uploading")]
    found += [f"{name}: a row of {row['task_id']}" for name, row in _rows_of(seen, gone)]
    known = {row["task_id"] for row in seen.rows["tasks"]}
    strays = Counter(key.split("/")[1] for key in seen.objects if key.startswith("tasks/"))
    found += [f"{files} objects of {task}, which is gone" for task, files in strays.items() if task not in known - gone]
    found += [f"unfinished in the store: {name}" for name in seen.unfinished]
    found += [f"folder of a job: {name}" for name in seen.work_folders]
    return [Finding("LEFT OVER", what) for what in found]


def _rows_of(seen: Observed, gone: set[str | None]) -> Iterator[tuple[str, Row]]:
    for name, rows in seen.rows.items():
        yield from ((name, row) for row in rows if row.get("task_id") in gone)


def _heard(told: Iterable[Told], heard: Sequence[tuple[int, str, str]]) -> Iterator[Finding]:
    """A client that resumes gets every fact once, in order."""
    facts = {fact.sequence: fact for fact in told if not fact.what.endswith(".progress")}
    numbers = [number for number, _, _ in heard]
    for before, after in pairwise(numbers):
        if after <= before:
            yield Finding("EVENTS", f"the client heard {after} after {before}")
    for number in sorted(facts.keys() - set(numbers)):
        yield Finding("EVENTS", f"the client never heard {number} {facts[number].task_id} {facts[number].what}")
    for number, event, id_ in heard:
        if number not in facts or facts[number].id != id_:
            yield Finding("EVENTS", f"the client heard {number} {event} {id_}, which is not stored")
