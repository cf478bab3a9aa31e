"""Nothing a client sends yields a 500: every operation of the OpenAPI document, with what it allows and forbids."""

from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from services.gateway.documents import openapi
from tests.services.gateway.conftest import VIDEO, Gateway, World

DOCUMENT = openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ALL = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if not path.endswith("/events")  # these answers never end
]


@pytest.mark.parametrize(("method", "path"), ALL)
def test_every_answer_is_meant(gateway: Gateway, method: str, path: str) -> None:
    """Below 500, a status the document tells of, and every error is a problem document."""
    documented = DOCUMENT["paths"][path][method]["responses"]

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=SCHEMA[path][method].as_strategy())
    def check(case: schemathesis.Case) -> None:
        answer = case.call(base_url=str(gateway.http.base_url))
        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in documented, answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0].startswith("application/problem+json")

    check()


HOSTILE = ["../x", "%2e%2e", "a b", "ß" * 300, "%00", "*", ">", "'; DROP TABLE tasks; --"]
INSIDE = [(method, path) for method, path in ALL if "{task_id}" in path and method != "delete"]


@pytest.mark.parametrize(("method", "path"), INSIDE)
@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_names_in_a_path_are_not_found(gateway: Gateway, method: str, path: str, part: str) -> None:
    """Whatever stands in a path of a real task, the answer is below 500 and the task stays."""
    where = path.replace("{task_id}", _task(gateway))
    for name in ("{language}", "{segment_id}", "{speaker_id}", "{take_id}", "{name}"):
        where = where.replace(name, quote(part, safe="%"))
    answer = gateway.http.request(method.upper(), where, json={})
    assert answer.status_code < 500, answer.text


def _task(gateway: Gateway) -> str:
    tasks = gateway.http.get("/api/tasks", params={"limit": 1}).json()
    return str(tasks[0]["task_id"] if tasks else gateway.create("{}", VIDEO)["task_id"])


def test_characters_the_database_cannot_keep_are_refused(small_world: World, postgres: str) -> None:
    """PostgreSQL keeps no NUL in a text: 404 or 422, not 500, and the upload's name loses it."""
    small_world.database_url = postgres
    gateway = small_world.gateway()
    answer = gateway.http.post("/api/tasks", files={"video": ("a\x00b.mp4", VIDEO)})
    assert answer.status_code == 201, answer.text
    url = f"/api/tasks/{answer.json()['task_id']}"
    assert gateway.http.get(f"{url}/segments/%00").status_code in (404, 422)
    assert gateway.http.get(f"{url}/languages/%00/lines").status_code in (404, 422)
