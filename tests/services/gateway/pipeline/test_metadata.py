"""Tasks and batches are found by what their callers wrote about them."""

import json
from typing import Any

import pytest

from services.gateway.batches import rows as batch_rows
from services.gateway.db.engine import Database
from services.gateway.db.tables import BatchRow, Task
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.metadata import Wanted
from tests.services.gateway.conftest import Gateway

WRITTEN: dict[str, dict[str, Any]] = {
    "text": {"episode": "7", "title": 'Größe \'n "x"'},
    "number": {"episode": 7, "price": 1.5},
    "truth": {"episode": True, "final": False},
    "deep": {"show": {"season": 2, "name": "a.b"}},
    "dotted": {"show.season": "2"},
    "none": {},
    "list": {"episode": [7]},
}


def _task(number: int, name: str, metadata: dict[str, Any], owner: str = "", filler: str = "") -> Task:
    return Task(
        task_id=f"task_{number}",
        owner=owner,
        video_filename="v",
        video_original_name=name,
        video_key="k",
        video_size=1,
        config={"target_languages": ["es"], "glossary": filler, "metadata": metadata},
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([("episode", "7")], {"text", "number"}),
        ([("episode", "true")], {"truth"}),
        ([("episode", "1")], set()),
        ([("final", "false")], {"truth"}),
        ([("price", "1.5")], {"number"}),
        ([("title", 'Größe \'n "x"')], {"text"}),
        ([("show.season", "2")], {"deep", "dotted"}),
        ([("show.season", "2"), ("show.name", "a.b")], {"deep"}),
        ([("episode", "7"), ("price", "1.5")], {"number"}),
        ([("nothing", "")], set()),
        ([("$' OR 1=1", "x")], set()),
    ],
)
def test_values_are_found_by_their_keys(database_url: str, wanted: list[tuple[str, str]], expected: set[str]) -> None:
    """Alike in tasks and batches, on each database."""
    database = Database(database_url)
    database.migrate()
    looked_for = [Wanted(*one) for one in wanted]
    with database.write() as session:
        for number, (name, metadata) in enumerate(WRITTEN.items()):
            session.add(_task(number, name, metadata))
            session.add(BatchRow(batch_id=f"batch_{number}", name=name, about=metadata))
    with database.read() as session:
        tasks, total = pipeline_rows.tasks(session, None, 0, 100, None, metadata=looked_for)
        batches, count = batch_rows.batches(session, None, 0, 100, looked_for)
        assert {task.video_original_name for task in tasks} == expected
        assert {batch.name for batch in batches} == expected
        assert (total, count) == (len(expected), len(expected))
    database.close()


def test_a_list_is_asked_over_http(gateway: Gateway) -> None:
    """With the other conditions of a list, and a pointer where a key is none."""
    config = {"target_languages": ["es"], "metadata": {"episode": 7, "show": {"name": "x"}}}
    task = gateway.create(json.dumps(config))
    gateway.create(json.dumps({**config, "metadata": {"episode": 8}}))
    found = gateway.http.get("/api/tasks", params={"metadata.episode": "7", "metadata.show.name": "x"})
    assert ([one["task_id"] for one in found.json()], found.headers["X-Total-Count"]) == ([task["task_id"]], "1")
    assert gateway.http.get("/api/tasks", params={"metadata.episode": "7", "q": "nothing"}).json() == []
    assert gateway.http.get("/api/batches", params={"metadata.episode": "7"}).json() == []
    for wrong in ({"metadata.": "7"}, {'metadata.a"b': "7"}, {f"metadata.{n}": "x" for n in range(6)}):
        refused = gateway.http.get("/api/tasks", params=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/metadata")
