"""A person kept from one task is known in the next."""

from typing import Any

from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World
from tests.services.gateway.library.test_account import ANY, dubbed, lines


def speaker(gateway: Gateway, task_id: str, number: int = 1) -> dict[str, Any]:
    found: list[dict[str, Any]] = gateway.http.get(f"/api/tasks/{task_id}/speakers").json()
    return found[number - 1]


def kept(gateway: Gateway, task_id: str, name: str = "Ann") -> dict[str, Any]:
    body = {"task_id": task_id, "speaker_id": "spk_1", "name": name}
    answer = gateway.http.post("/api/cast", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_kept_speaker_is_proposed_again(world: World) -> None:
    """After the task is gone, with name, voice and sample; nothing is taken over before a person says so."""
    gateway = world.gateway()
    world.workers()
    first = dubbed(gateway)
    ann = kept(gateway, first)
    assert (ann["name"], ann["has_sample"], ann["recognizable"], ann["episodes"]) == ("Ann", True, True, 1)
    again = gateway.http.post("/api/cast", json={"task_id": first, "speaker_id": "spk_1"})
    assert (again.status_code, again.json()["code"]) == (409, "already_in_cast")
    gateway.http.patch(
        f"/api/cast/{ann['cast_id']}", json={"voice": {"kind": "stock", "id": "deep"}}, headers={"If-Match": '"1"'}
    )
    gateway.http.delete(f"/api/tasks/{first}")
    gone = world.folder / "objects/tasks" / first
    wait_until(lambda: not gone.exists(), 60, "the task is not erased")
    assert gateway.http.get(f"/api/cast/{ann['cast_id']}/sample").content == b"voice 1"
    second = dubbed(gateway)
    found = speaker(gateway, second)
    assert (found["name"], found["cast_name"], found["cast_similarity"]) == ("Speaker 1", "Ann", 1.0)
    assert (found["cast_accepted"], found["voice"]) == (False, None)
    assert speaker(gateway, second, 2)["cast_id"] is None
    url = f"/api/tasks/{second}/speakers/spk_1/cast"
    accepted = gateway.http.post(url, json={"cast_id": ann["cast_id"]}).json()
    assert (accepted["name"], accepted["voice"]) == ("Ann", {"kind": "stock", "id": "deep"})
    assert accepted["cast_accepted"]
    assert [line["state"] for line in lines(gateway, second)] == ["stale", "dubbed", "stale"]
    gateway.http.post(url, json={"cast_id": ann["cast_id"]})
    assert gateway.http.get("/api/cast").json()[0]["episodes"] == 2
    rejected = gateway.http.post(url, json={"cast_id": None}).json()
    assert (rejected["cast_id"], rejected["name"]) == (None, "Ann")
    for _ in range(2):
        assert gateway.http.post(f"/api/tasks/{second}/undo").status_code == 200
    undone = speaker(gateway, second)
    assert (undone["name"], undone["voice"], undone["cast_accepted"]) == ("Speaker 1", None, False)
    assert (undone["cast_name"], undone["cast_similarity"]) == ("Ann", 1.0)
    assert {line["state"] for line in lines(gateway, second)} == {"dubbed"}


def test_known_voices_can_be_taken_over_without_asking(small_world: World) -> None:
    """A setting of the account; a forgotten person is known no more."""
    gateway = small_world.gateway()
    small_world.workers()
    ann = kept(gateway, dubbed(gateway))
    gateway.http.put("/api/settings", json={"auto_cast": True})
    second = dubbed(gateway)
    found = speaker(gateway, second)
    assert (found["name"], found["cast_accepted"]) == ("Ann", True)
    assert gateway.http.delete(f"/api/cast/{ann['cast_id']}", headers=ANY).status_code == 204
    assert not list((small_world.folder / "objects").rglob("sample.wav"))
    found = speaker(gateway, second)
    assert (found["name"], found["cast_id"], found["has_sample"]) == ("Ann", None, True)
    assert speaker(gateway, dubbed(gateway))["cast_id"] is None


def test_a_cast_member_has_a_voice_that_lasts(small_world: World) -> None:
    """Neither a speaker of some task nor a clip that is not there."""
    gateway = small_world.gateway()
    small_world.workers()
    url = f"/api/cast/{kept(gateway, dubbed(gateway))['cast_id']}"

    def code(voice: dict[str, str]) -> str:
        return str(gateway.http.patch(url, json={"voice": voice}).json()["code"])

    assert code({"kind": "speaker", "id": "spk_2"}) == "voice_of_a_task"
    assert code({"kind": "clip", "id": "clip_none"}) == "unknown_clip"
    late = gateway.http.patch(url, json={"name": "Bea"}, headers={"If-Match": '"7"'})
    assert late.status_code == 412
    assert gateway.http.patch(url, json={"name": "Bea"}).json()["name"] == "Bea"
