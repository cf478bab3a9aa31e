"""A small run of `make chaos ARGS="--batch 300"`, and what its count finds."""

from pathlib import Path
from typing import Any

import pytest

from tests.chaos.batch import Asked, lost, run_batch, told
from tests.chaos.observed import Observed, Told

ASKED = Asked(2, ("es", "fr"))
ENDED = [{"batch_id": "b1", "state": "completed"}]


@pytest.mark.timeout(600)
def test_one_command_dubs_a_folder_while_everything_is_killed(tmp_path: Path) -> None:
    """Nothing is lost or done twice, the end is told once, and nobody types anything again."""
    outcome = run_batch(5, "sqlite", Asked(5, ("es", "fr")), 3, tmp_path / "run", print)
    assert outcome.findings == []
    assert (outcome.figures["commands"], outcome.figures["kills"]) == (1, 3)


def _facts(*names: str) -> list[Told]:
    found = []
    for number, name in enumerate(names):
        id_, _, what = name.rpartition("=")
        subject = f"localclip.events.{what}"
        found.append(Told(number, subject, id_ or str(number), {}))
    return found


_ALL = (
    *("t1.es.language.completed", "t1.fr.language.completed", "t2.es.language.completed", "t2.fr.language.completed"),
    *("t1.base.task.completed", "t2.base.task.completed", "b1.base.batch.completed"),
)


@pytest.mark.parametrize(
    ("facts", "batches", "kinds"),
    [
        (_ALL, ENDED, []),
        ((*_ALL, "6=b1.base.batch.completed"), ENDED, []),  # stored twice with one id: one to every reader
        ((*_ALL, "b1.base.batch.completed"), ENDED, ["DOUBLE"]),
        ((*_ALL, "t1.es.language.completed"), ENDED, ["DOUBLE"]),
        (_ALL[:-1], ENDED, ["LOST"]),
        (_ALL[1:], ENDED, ["LOST"]),
        (_ALL, [{"batch_id": "b1", "state": "open"}], ["LOST"]),
        (_ALL, ENDED * 2, ["DOUBLE"]),
    ],
)
def test_an_end_is_told_once(facts: tuple[str, ...], batches: list[dict[str, Any]], kinds: list[str]) -> None:
    """Of the batch, of each task and of each language."""
    assert [finding.kind for finding in told(ASKED, Observed(told=_facts(*facts)), batches)] == kinds


def test_what_was_not_made_is_found(tmp_path: Path) -> None:
    """A clip that is no task or two, a language whose file is gone, a result that is not in the folder."""
    names = ("clip 0001.mp4", "clip 0001.mp4")
    tasks = [
        {"task_id": f"t{number}", "video_original_name": name, "status": "completed"}
        for number, name in enumerate(names)
    ]
    language = {"task_id": "t0", "language": "es", "status": "completed", "export_files": [{"key": "gone"}]}
    seen = Observed(rows={"tasks": tasks, "task_languages": [language]})
    found = [(finding.kind, finding.what) for finding in lost(Asked(2, ("es",)), seen, tmp_path)]
    assert ("DOUBLE", "clip 0001.mp4 is 2 tasks") in found
    assert ("LOST", "clip 0002.mp4 is 0 tasks") in found
    assert ("LOST", "clip 0001.mp4: es is completed 0 times") in found
    assert ("LOST", "clip 0001.es.mp4 is not what was asked for") in found
