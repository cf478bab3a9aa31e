"""The count finds what is lost, double or left over, and nothing where all is well."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.count import count
from tests.chaos.observed import Observed, Row, Told
from tests.chaos.people import Story
from tests.chaos.plan import Script, draw

TASK = "task_1"
OUTPUT = f"tasks/{TASK}/outputs/es"
NAMES = ("export_es.mp4", "timeline.json", "subtitles_es.srt", "report.json")


class Run:
    """The end of a run in which one task was dubbed: everything a test may spoil."""

    def __init__(self, folder: Path) -> None:
        script = Script(0, ("es",), in_parts=False, at_once=True, video_bytes=10, acts=(), fate="completed")
        self.story = Story(script, task_id=TASK, texts={("es", "s0"): "hola"}, sources={"s0": "hello"}, is_over=True)
        self.story.exports.append("export_1")
        self._folder = folder
        self.objects: dict[str, Path] = {}
        self.put(f"tasks/{TASK}/input/talk.mp4", self.story.video)
        self.put(f"{OUTPUT}/take.flac", b"hola")
        for name in NAMES:
            self.put(f"{OUTPUT}/{name}", b"hola")
        self.rows = self._rows()
        self.told = [
            self.fact("base.task.created"),
            self.fact("es.translation.started", attempt=1),
            self.fact("es.translation.progress", attempt=1, progress=50),
            self.fact("es.translation.completed", attempt=1),
            self.fact("es.line.dubbed", segment_id="s0"),
            self.fact("es.language.completed"),
            self.fact("base.task.completed"),
        ]
        self.told = [
            Told(number, fact.subject, f"fact-{number}", fact.data) for number, fact in enumerate(self.told, 1)
        ]
        self.heard = [(f.sequence, f.what, f.id) for f in self.told if not f.what.endswith("progress")]
        self.queued: dict[str, list[str]] = {"LOCALCLIP_JOBS": [], "LOCALCLIP_RESULTS": []}
        self.unfinished: list[str] = []
        self.work_folders: list[str] = []

    def put(self, key: str, data: bytes) -> None:
        path = self._folder / str(len(self.objects))
        path.write_bytes(data)
        self.objects[key] = path

    def fact(self, what: str, **data: Any) -> Told:
        number = len(getattr(self, "told", [])) + 1
        return Told(number, f"localclip.events.{TASK}.{what}", f"fact-{number}", data)

    def tell(self, what: str, **data: Any) -> None:
        """Store one more fact, which the client hears."""
        fact = self.fact(what, **data)
        self.told.append(fact)
        self.heard.append((fact.sequence, fact.what, fact.id))

    def findings(self) -> list[str]:
        seen = Observed(self.rows, self.objects, self.queued, self.told, self.unfinished, self.work_folders)
        return [f"{finding.kind}: {finding.what}" for finding in count([self.story], seen, self.heard)]

    def _rows(self) -> dict[str, list[Row]]:
        language = {"task_id": TASK, "language": "es"}
        job = {**language, "stage": "translation", "shard": "0", "attempt": 1, "state": "done", "optional": False}
        return {
            "tasks": [
                {
                    "task_id": TASK,
                    "video_original_name": "talk 0.mp4",
                    "video_key": f"tasks/{TASK}/input/talk.mp4",
                    "status": "completed",
                    "deleted_at": None,
                }
            ],
            "task_languages": [
                {
                    **language,
                    "status": "completed",
                    "report": {},
                    "export_files": [{"name": name, "key": f"{OUTPUT}/{name}"} for name in NAMES],
                }
            ],
            "segments": [{"task_id": TASK, "segment_id": "s0", "start_s": 0.0, "text": "hello"}],
            "lines": [
                {
                    **language,
                    "segment_id": "s0",
                    "text": "hola",
                    "state": "dubbed",
                    "revision": 2,
                    "take_revision": 2,
                    "take_key": f"{OUTPUT}/take.flac",
                }
            ],
            "stage_runs": [
                {
                    **language,
                    "stage": "translation",
                    "attempt": 1,
                    "status": "completed",
                    "jobs_total": 1,
                    "jobs_done": 1,
                    "jobs_failed": 0,
                }
            ],
            "jobs": [{**job, "run_stage": "translation"}, {**job, "shard": "line-s0", "run_stage": None}],
            "exports": [
                {
                    "task_id": TASK,
                    "export_id": "export_1",
                    "status": "completed",
                    "files": [{"key": f"{OUTPUT}/export_es.mp4"}],
                }
            ],
            "outbox": [],
            "uploads": [],
        }


def test_a_run_in_which_all_went_well_has_no_findings(tmp_path: Path) -> None:
    """Nothing is lost, double or left over."""
    assert Run(tmp_path).findings() == []


def lose_task(run: Run) -> None:
    run.rows["tasks"].clear()


def leave_unfinished(run: Run) -> None:
    run.story.is_over = False


def damage_video(run: Run) -> None:
    run.put(f"tasks/{TASK}/input/talk.mp4", b"half")


def lose_edit(run: Run) -> None:
    run.story.texts["es", "s0"] = "a person's"


def lose_source_edit(run: Run) -> None:
    run.rows["segments"][0]["text"] = "line 0"


def lose_text(run: Run) -> None:
    run.rows["lines"][0]["text"] = None


def lose_take(run: Run) -> None:
    run.rows["lines"][0]["take_revision"] = 1


def lose_take_object(run: Run) -> None:
    del run.objects[f"{OUTPUT}/take.flac"]


def say_something_else(run: Run) -> None:
    run.put(f"{OUTPUT}/take.flac", b"adios")


def lose_subtitles(run: Run) -> None:
    del run.objects[f"{OUTPUT}/subtitles_es.srt"]


def export_too_early(run: Run) -> None:
    run.put(f"{OUTPUT}/export_es.mp4", b"before the edit")


def lose_report(run: Run) -> None:
    run.rows["task_languages"][0]["report"] = None


def lose_export(run: Run) -> None:
    run.rows["exports"].clear()


def lose_a_job(run: Run) -> None:
    run.rows["stage_runs"][0]["jobs_total"] = 2


def fail(run: Run) -> None:
    run.story.failures.append("es failed without being asked to")


@pytest.mark.parametrize(
    "spoil",
    [
        lose_task,
        leave_unfinished,
        damage_video,
        lose_edit,
        lose_source_edit,
        lose_text,
        lose_take,
        lose_take_object,
        say_something_else,
        lose_subtitles,
        export_too_early,
        lose_report,
        lose_export,
        lose_a_job,
        fail,
    ],
)
def test_what_is_lost_is_found(tmp_path: Path, spoil: Callable[[Run], None]) -> None:
    """Whatever was accepted and is not there."""
    run = Run(tmp_path)
    spoil(run)
    assert [finding for finding in run.findings() if finding.startswith("LOST")]


def two_tasks(run: Run) -> None:
    run.rows["tasks"].append({**run.rows["tasks"][0], "task_id": "task_2"})


def export_twice(run: Run) -> None:
    run.rows["exports"].append({**run.rows["exports"][0], "export_id": "export_2"})


def recipe_twice(run: Run) -> None:
    run.tell("base.recipe.completed", export_id="export_1")
    run.tell("base.recipe.completed", export_id="export_1")


def count_twice(run: Run) -> None:
    run.rows["stage_runs"][0]["jobs_done"] = 2


def complete_stage_twice(run: Run) -> None:
    run.tell("es.translation.completed", attempt=1)


def complete_language_twice(run: Run) -> None:
    run.tell("es.language.completed")


def complete_task_twice(run: Run) -> None:
    run.tell("base.task.completed")


def start_twice(run: Run) -> None:
    run.tell("es.translation.started", attempt=1)


def dub_twice(run: Run) -> None:
    run.tell("es.line.dubbed", segment_id="s0")


@pytest.mark.parametrize(
    "spoil",
    [
        two_tasks,
        export_twice,
        recipe_twice,
        count_twice,
        complete_stage_twice,
        complete_language_twice,
        complete_task_twice,
        start_twice,
        dub_twice,
    ],
)
def test_what_is_double_is_found(tmp_path: Path, spoil: Callable[[Run], None]) -> None:
    """Two tasks of one upload, work counted twice, ends told twice."""
    run = Run(tmp_path)
    spoil(run)
    assert [finding for finding in run.findings() if finding.startswith("DOUBLE")]


def test_what_ends_again_after_a_new_start_is_not_double(tmp_path: Path) -> None:
    """A second attempt completes the language and the task again."""
    run = Run(tmp_path)
    run.tell("es.export.started", attempt=2)
    run.tell("es.export.completed", attempt=2)
    run.tell("es.language.completed")
    run.tell("base.task.completed")
    for export_id in ("export_1", "export_2"):
        run.tell("base.recipe.started", export_id=export_id)
    assert run.findings() == []


def test_what_is_canceled_again_while_the_base_stage_runs_is_not_double(tmp_path: Path) -> None:
    """That began for every language, none of which began a stage of its own."""
    run = Run(tmp_path)
    for attempt in (1, 2):
        run.tell("base.speaker_diarization.started", attempt=attempt)
        run.tell("base.speaker_diarization.canceled", attempt=attempt)
        run.tell("es.language.canceled")
        run.tell("base.task.canceled")
    assert not [one for one in run.findings() if "told twice" in one]
    run.tell("es.language.canceled")
    assert [one for one in run.findings() if "told twice" in one]


def test_a_fact_stored_twice_with_one_id_is_one_fact(tmp_path: Path) -> None:
    """Readers tell by its id."""
    run = Run(tmp_path)
    run.tell("es.language.completed")
    copied = run.told.pop()
    run.told.append(Told(copied.sequence, copied.subject, run.told[-2].id, copied.data))
    run.heard[-1] = (copied.sequence, copied.what, run.told[-1].id)
    assert run.findings() == []


def leave_message(run: Run) -> None:
    run.queued["LOCALCLIP_RESULTS"].append("localclip.results.export")


def leave_outbox(run: Run) -> None:
    run.rows["outbox"].append({"id": 7, "payload": "{}"})


def leave_job(run: Run) -> None:
    run.rows["jobs"][1]["state"] = "dispatched"


def leave_upload(run: Run) -> None:
    run.rows["tasks"].append({**run.rows["tasks"][0], "task_id": "task_2", "status": "uploading"})


def leave_objects(run: Run) -> None:
    run.put("tasks/task_gone/input/talk.mp4", b"")


def leave_temporary(run: Run) -> None:
    run.unfinished.append(".incoming/1")


def leave_folder(run: Run) -> None:
    run.work_folders.append("job-1-2-3")


@pytest.mark.parametrize(
    "spoil", [leave_message, leave_outbox, leave_job, leave_upload, leave_objects, leave_temporary, leave_folder]
)
def test_what_is_left_over_is_found(tmp_path: Path, spoil: Callable[[Run], None]) -> None:
    """Messages, rows, objects, files."""
    run = Run(tmp_path)
    spoil(run)
    assert [finding for finding in run.findings() if finding.startswith("LEFT OVER")]


def test_a_deleted_task_leaves_nothing(tmp_path: Path) -> None:
    """Its rows and its objects are found."""
    run = Run(tmp_path)
    run.story = Story(Script(0, ("es",), True, True, 10, (), "deleted"), task_id=TASK, is_over=True)
    found = run.findings()
    assert f"LEFT OVER: tasks: a row of {TASK}" in found
    assert f"LEFT OVER: 6 objects of {TASK}, which is gone" in found


def miss_event(run: Run) -> None:
    run.heard.pop(1)


def hear_twice(run: Run) -> None:
    run.heard.append(run.heard[-1])


def hear_out_of_order(run: Run) -> None:
    run.heard.reverse()


def hear_a_stranger(run: Run) -> None:
    run.heard.append((99, "task.completed", "nobody"))


def go_back(run: Run) -> None:
    run.tell("es.translation.progress", attempt=1, progress=10)
    run.heard.pop()


def talk_of_the_deleted(run: Run) -> None:
    run.tell("base.task.deleted")
    run.tell("es.language.canceled")


@pytest.mark.parametrize(
    "spoil", [miss_event, hear_twice, hear_out_of_order, hear_a_stranger, go_back, talk_of_the_deleted]
)
def test_events_that_are_wrong_are_found(tmp_path: Path, spoil: Callable[[Run], None]) -> None:
    """Missed, repeated, out of order, made up, backwards, or of a deleted task."""
    run = Run(tmp_path)
    spoil(run)
    assert [finding for finding in run.findings() if finding.startswith("EVENTS")]


def test_an_answer_that_never_came_is_found(tmp_path: Path) -> None:
    """And one that refused what is allowed."""
    run = Run(tmp_path)
    run.story.unanswered = "409 request_in_progress for 240 s"
    run.story.refused.append("PATCH: 500")
    assert len([finding for finding in run.findings() if finding.startswith("ANSWERS")]) == 2


def test_a_seed_is_a_plan() -> None:
    """The same seed draws the same kills and videos, another seed others; more kills leave the videos as they are."""
    assert draw(3, "postgresql", 50, 20) == draw(3, "postgresql", 50, 20)
    assert draw(3, "postgresql", 50, 20) != draw(4, "postgresql", 50, 20)
    assert draw(3, "sqlite", 50, 20).scripts == draw(3, "postgresql", 90, 20).scripts
