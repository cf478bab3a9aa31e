"""Changes of a task's configuration."""

from tests.services.gateway.editing.conftest import Studio


def test_a_change_of_a_task_may_name_the_version_it_is_made_for(studio: Studio) -> None:
    """Of two that read the same version the second is refused; without `If-Match` every change is taken."""
    read = studio.http.get(studio.base).headers["etag"]
    first = studio.http.patch(studio.base, json={"num_speakers": 2}, headers={"If-Match": read})
    late = studio.http.patch(studio.base, json={"num_speakers": 3}, headers={"If-Match": read})
    assert (first.status_code, late.status_code, late.json()["code"]) == (200, 412, "version_conflict")
    assert late.headers["etag"] == first.headers["etag"] != read
    assert studio.http.patch(studio.base, json={"num_speakers": 4}).json()["config"]["num_speakers"] == 4
