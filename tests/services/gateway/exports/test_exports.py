"""Exports by recipe through real messages: begun, followed, fetched, canceled, removed."""

import signal
from typing import Any

import pytest

from services.gateway.exports.recipes import PRESETS, Preset, file_name
from shared.messaging import ExportRecipe, expanded
from shared.storage import keys
from shared.testing import wait_until
from tests.services.gateway.conftest import Gateway, World

MASTER = {"audio": [{"kind": "dub", "language": "*", "default": True}, {"kind": "original"}]}


def dubbed(world: World, gateway: Gateway) -> str:
    """A task in two languages, finished."""
    task_id: str = gateway.create('{"target_languages": ["es", "fr"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    return task_id


def begin(gateway: Gateway, task_id: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Post a recipe; return the export."""
    answer = gateway.http.post(f"/api/tasks/{task_id}/exports", json=recipe)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(gateway: Gateway, task_id: str, export_id: str) -> dict[str, Any]:
    """The export once it is over."""

    def over() -> dict[str, Any] | None:
        found: dict[str, Any] = gateway.http.get(f"/api/tasks/{task_id}/exports/{export_id}").json()
        return found if found["status"] != "processing" else None

    found = wait_until(over, 60, "the export does not end")
    assert found is not None
    return found


def test_a_recipe_is_made_and_its_files_are_served(world: World) -> None:
    """`*` is written out; files come with ranges and a name to save them under; facts and log tell of it."""
    gateway = world.gateway()
    world.workers()
    task_id = dubbed(world, gateway)
    begun = begin(gateway, task_id, MASTER)
    assert (begun["status"], begun["files"]) == ("processing", [])
    assert [track["language"] for track in begun["recipe"]["audio"]] == ["es", "fr", None]
    assert [track["default"] for track in begun["recipe"]["audio"]] == [True, False, False]
    made = ended(gateway, task_id, begun["export_id"])
    assert (made["status"], made["progress"], made["report"]["passed"]) == ("completed", 100, True)
    (file,) = made["files"]
    answer = gateway.http.get(file["url"], headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.text) == (206, "en 3")
    assert gateway.http.get(file["url"]).text == "en 3\nes 3\nfr 3"
    assert "attachment" in answer.headers["content-disposition"]
    assert gateway.http.head(file["url"]).headers["content-length"] == str(file["size"])
    assert gateway.task(task_id)["status"] == "completed"
    logged = gateway.http.get(f"/api/tasks/{task_id}/logs").json()
    assert [entry["status"] for entry in logged if entry["stage"] == "recipe"] == ["started", "completed"]


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.name for preset in PRESETS])
def test_files_say_which_recipe_they_are_of(preset: Preset) -> None:
    """Whichever languages and container are asked for, and however long the video's name is."""
    asked = expanded(preset.recipe, ["es"]).model_copy(update={"container": "mkv"})
    burned = ".es" if preset.recipe.burn else ""
    assert file_name("My talk.1.mp4", asked) == f"My talk.1.{preset.name}{burned}"
    long = file_name("长" * 200 + ".mp4", asked)
    assert ExportRecipe.model_validate({**asked.model_dump(), "name": long}).name == long
    assert keys.safe_name(f"{long}.mp4").endswith(f".{preset.name}{burned}.mp4")


def test_a_named_recipe_gives_its_files_its_name(small_world: World) -> None:
    """A name of one's own stays; one that is like no named recipe leaves the name of the video."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    stem = gateway.task(task_id)["video_original_name"].rpartition(".")[0]
    master = {**MASTER, "subtitles": [{"language": "*"}, {"language": "source"}]}
    named = [
        begin(gateway, task_id, recipe)["recipe"]["name"] for recipe in (master, {**master, "name": "mine"}, MASTER)
    ]
    assert named == [f"{stem}.master", "mine", ""]


def test_an_export_can_be_made_again_and_listed_and_removed(small_world: World) -> None:
    """Two exports of one recipe, newest first; removing one takes its files and leaves the other."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    first, second = (begin(gateway, task_id, MASTER)["export_id"] for _ in range(2))
    made = [ended(gateway, task_id, export_id) for export_id in (first, second)]
    listed = gateway.http.get(f"/api/tasks/{task_id}/exports").json()
    assert [export["export_id"] for export in listed] == [second, first]
    assert gateway.http.delete(f"/api/tasks/{task_id}/exports/{first}").status_code == 204
    assert gateway.http.get(made[0]["files"][0]["url"]).status_code == 404
    assert gateway.http.get(made[1]["files"][0]["url"]).status_code == 200
    objects = small_world.folder / "objects" / "tasks" / task_id / "outputs" / "base" / "recipes"
    assert [folder.name for folder in objects.iterdir()] == [second]
    assert gateway.http.delete(f"/api/tasks/{task_id}").status_code == 204
    wait_until(lambda: not objects.exists(), 60, "the files do not go with the task")


def test_a_failed_export_tells_why_and_leaves_the_task_alone(small_world: World) -> None:
    """The task stays completed."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    made = ended(gateway, task_id, begin(gateway, task_id, {**MASTER, "name": "please fail"})["export_id"])
    assert (made["status"], made["error_code"]) == ("failed", "export_invalid")
    assert gateway.task(task_id)["status"] == "completed"


def test_a_running_export_stops_alone(small_world: World) -> None:
    """Removed while it is made: its worker stops, another export of the same task goes on, progress is told."""
    gateway = small_world.gateway()
    workers = small_world.workers()
    task_id = dubbed(small_world, gateway)
    workers.end(signal.SIGKILL)
    small_world.workers(STUB_DELAY_S="6")
    small_world.progress()
    stopped, kept = (begin(gateway, task_id, MASTER)["export_id"] for _ in range(2))

    def at_work() -> bool:
        stage = gateway.http.get(f"/api/tasks/{task_id}/exports").json()
        return any(export["progress"] == 50 for export in stage)

    wait_until(at_work, 60, "no progress is told")
    assert gateway.http.delete(f"/api/tasks/{task_id}/exports/{stopped}").status_code == 204
    assert gateway.http.get(f"/api/tasks/{task_id}/exports/{stopped}").status_code == 404
    assert ended(gateway, task_id, kept)["status"] == "completed"
    objects = small_world.folder / "objects" / "tasks" / task_id / "outputs" / "base" / "recipes"
    assert [folder.name for folder in objects.iterdir()] == [kept]


def test_canceling_the_task_cancels_its_exports(small_world: World) -> None:
    """They end with their reason."""
    gateway = small_world.gateway()
    workers = small_world.workers()
    task_id = dubbed(small_world, gateway)
    workers.end(signal.SIGKILL)
    export_id = begin(gateway, task_id, MASTER)["export_id"]
    assert gateway.http.post(f"/api/tasks/{task_id}/cancel").status_code == 202
    made = ended(gateway, task_id, export_id)
    assert (made["status"], made["error_code"]) == ("canceled", "canceled")


def test_what_cannot_be_made_is_refused_at_once(small_world: World) -> None:
    """With the code and the place in the recipe."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    gateway.http.patch(
        f"/api/tasks/{task_id}", json={"target_languages": ["es", "fr", "de"]}, headers={"If-Match": "*"}
    )

    def announced() -> bool:
        return any(engine["port"] == "mixer" for engine in gateway.http.get("/api/engines").json())

    wait_until(announced, 60, "the exporter does not announce itself")  # until then nobody knows of a separator
    text = {"language": "es"}
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"audio": [{"kind": "dub", "language": "ja"}]}, "unknown_language", "/audio/0/language"),
        ({"audio": [{"kind": "dub", "language": "de"}]}, "language_not_dubbed", "/audio/0/language"),
        ({"audio": [{"kind": "original"}], "burn": {"language": "de"}}, "language_not_translated", "/burn/language"),
        ({"subtitles": [{**text, "second": "ko"}]}, "unknown_language", "/subtitles/0/second"),
        ({"kind": "stems", "audio": [{"kind": "bed"}]}, "separator_missing", "/audio/0/language"),
        ({"audio": [{"kind": "original"}], "burn": {"language": "*"}}, "no_such_recipe", "/"),
        ({"kind": "video"}, "invalid_request", "/"),
        ({"kind": "audio", "audio": [{"kind": "dub", "language": "es"}], "burn": text}, "invalid_request", "/"),
        ({"audio": [{"kind": "dub"}]}, "invalid_request", "/audio/0"),
        (
            {"audio": [{"kind": "original"}], "timelines": [{"language": "de"}], "bundle": True},
            "language_not_dubbed",
            "/timelines/0/language",
        ),
        ({"audio": [{"kind": "original"}], "loudnes": 3}, "invalid_request", "/loudnes"),
    ]
    for recipe, code, pointer in wrong:
        answer = gateway.http.post(f"/api/tasks/{task_id}/exports", json=recipe)
        found = answer.json()
        assert (answer.status_code, found.get("code")) == (422, code), (recipe, found)
        assert found["errors"][0]["pointer"].rstrip("/") == pointer.rstrip("/")
    assert gateway.http.get(f"/api/tasks/{task_id}/exports").json() == []


def test_every_preset_is_a_recipe_of_a_finished_task(small_world: World) -> None:
    """For one language all of them can be begun as they are."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = gateway.create('{"target_languages": ["es"]}', start=True)["task_id"]
    gateway.wait_for(task_id)
    presets = gateway.http.get("/api/recipes").json()
    assert {"master", "dub_only", "burned", "stems", "subtitles", "audio_wav"} <= {preset["name"] for preset in presets}
    for preset in presets:
        begin(gateway, task_id, preset["recipe"])


def test_a_timeline_is_told_who_speaks_and_what_to_review(small_world: World) -> None:
    """The names of people and the reasons of the review list; other recipes need neither."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    (speaker, *_) = gateway.http.get(f"/api/tasks/{task_id}/speakers").json()
    where = f"/api/tasks/{task_id}/speakers/{speaker['speaker_id']}"
    assert gateway.http.patch(where, json={"name": "Ana"}, headers={"If-Match": "*"}).status_code == 200
    line = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    assert gateway.http.patch(line, json={"text": "otra"}, headers={"If-Match": "*"}).status_code == 200
    recipe = MASTER | {"timelines": [{"language": "*"}], "bundle": True}
    begun = begin(gateway, task_id, recipe)
    assert [one["language"] for one in begun["recipe"]["timelines"]] == ["es", "fr"]
    report = ended(gateway, task_id, begun["export_id"])["report"]
    assert report["speakers"][speaker["speaker_id"]] == "Ana"
    assert report["review"] == {"es": {"s0001": ["edited after its take was made"]}}
    plain = ended(gateway, task_id, begin(gateway, task_id, MASTER)["export_id"])["report"]
    assert (plain["speakers"], plain["review"]) == ({}, {})


KIT = {
    "kind": "audio",
    "audio": [{"kind": "dub", "language": "*"}],
    "audio_format": "m4a",
    "publication": {"title": "A talk", "description": "What it is about.\n\n0:00 Hello\nhttps://example.org\n#talk"},
}


def test_title_and_description_are_translated_before_the_files_are_made(small_world: World) -> None:
    """By the translator of each language, but for what a person gave and what is the same everywhere."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    given = {**KIT, "publication": {**KIT["publication"], "texts": {"fr": {"title": "Une conférence"}}}}  # type: ignore[dict-item]
    begun = begin(gateway, task_id, given)
    made = ended(gateway, task_id, begun["export_id"])
    assert made["status"] == "completed", made
    texts = made["report"]["recipe"]["publication"]["texts"]
    assert texts == made["recipe"]["publication"]["texts"]
    assert texts["es"]["title"] == "[es] A talk"
    assert texts["es"]["description"].splitlines() == [
        "[es] What it is about.",
        "",
        "0:00 [es] Hello",
        "https://example.org",
        "#talk",
    ]
    assert (texts["fr"]["title"], texts["fr"]["description"][:6]) == ("Une conférence", "[fr] W")
    assert made["report"]["unpublished"] == {}
    assert gateway.task(task_id)["status"] == "completed"
    lines = gateway.http.get(f"/api/tasks/{task_id}/languages/es/lines").json()
    assert [line["text"] for line in lines] == ["[es] line 0", "[es] line 1", "[es] line 2"]


def test_what_no_translator_can_is_told_and_left_out(small_world: World) -> None:
    """The export is made without it; the brief's summary is the description where none was given."""
    gateway = small_world.gateway()
    small_world.workers()
    lines = "".join(f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n},900\nZeile {n}\n\n" for n in range(9)).encode()
    config = '{"target_languages": ["es", "de"], "source_language": "en", "brief": {"summary": "A talk on owls."}}'
    task_id = gateway.create(config, start=True, translation_de=lines)["task_id"]
    gateway.wait_for(task_id)
    kit = {**KIT, "publication": {"title": "Owls"}}

    def announced() -> bool:
        return any(engine["port"] == "translator" for engine in gateway.http.get("/api/engines").json())

    wait_until(announced, 60, "the translator does not announce itself")  # until then it may be able to
    made = ended(gateway, task_id, begin(gateway, task_id, kit)["export_id"])
    assert made["status"] == "completed", made
    publication = made["recipe"]["publication"]
    assert publication["description"] == "A talk on owls."
    assert publication["texts"] == {"es": {"title": "[es] Owls", "description": "[es] A talk on owls."}}
    assert made["report"]["unpublished"]["de"].startswith("no translator here translates en → de")


def test_an_export_goes_on_without_a_translation_that_was_canceled_and_ends_with_its_own(small_world: World) -> None:
    """Canceled for one language its texts are left out; removed while they are translated nothing follows."""
    gateway = small_world.gateway()
    workers = small_world.workers()
    task_id = dubbed(small_world, gateway)
    workers.end(signal.SIGKILL)
    kept, removed = (begin(gateway, task_id, KIT)["export_id"] for _ in range(2))
    assert gateway.http.delete(f"/api/tasks/{task_id}/exports/{removed}").status_code == 204
    assert gateway.http.post(f"/api/tasks/{task_id}/cancel", json={"languages": ["es"]}).status_code == 202
    small_world.workers()
    made = ended(gateway, task_id, kept)
    assert made["status"] == "completed", made
    assert list(made["recipe"]["publication"]["texts"]) == ["fr"]
    assert made["report"]["unpublished"]["es"].startswith("title and description could not be translated")
    assert [one["export_id"] for one in gateway.http.get(f"/api/tasks/{task_id}/exports").json()] == [kept]


def test_before_the_video_was_looked_at_nothing_can_be_exported(gateway: Gateway) -> None:
    """409, with what to do."""
    task_id = gateway.create('{"target_languages": ["es"]}')["task_id"]
    answer = gateway.http.post(f"/api/tasks/{task_id}/exports", json=MASTER)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")


@pytest.mark.parametrize("path", ["", "/exp_none", "/exp_none/files/a.mp4"])
def test_unknown_exports_do_not_exist(gateway: Gateway, path: str) -> None:
    """404, as for a task of somebody else."""
    assert gateway.http.get(f"/api/tasks/task_20250101_000000_0a1b2c3d/exports{path}").status_code == 404


def test_a_master_tells_the_state_of_each_language(small_world: World) -> None:
    """What was edited before and not spoken is told in its name and its report; what is edited later, in its state."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    fresh = ended(gateway, task_id, begin(gateway, task_id, MASTER)["export_id"])
    whole = {"state": "current", "lines_unspoken": 0, "lines_failed": 0, "gate": "passed"}
    assert (fresh["languages"], "-older" in fresh["files"][0]["name"]) == ({"es": whole, "fr": whole}, False)
    line = f"/api/tasks/{task_id}/languages/es/lines/s0001"
    assert gateway.http.patch(line, json={"text": "otra"}, headers={"If-Match": "*"}).status_code == 200
    (fresh,) = gateway.http.get(f"/api/tasks/{task_id}/exports").json()
    assert {code: one["state"] for code, one in fresh["languages"].items()} == {"es": "older", "fr": "current"}
    older = ended(gateway, task_id, begin(gateway, task_id, MASTER | {"name": "all"})["export_id"])
    told = {"state": "older", "lines_unspoken": 1, "lines_failed": 0, "gate": "failed"}
    assert (older["languages"], older["recipe"]["name"]) == ({"es": told, "fr": whole}, "all")
    assert older["report"]["languages"]["es"]["lines_unspoken"] == 1
    assert older["files"][0]["name"].startswith("all-older.")


def test_changed_lines_are_spoken_before_an_export_that_asks_for_it(small_world: World) -> None:
    """Those alone: every other take stays; without, the file that is handed out says that it is older."""
    gateway = small_world.gateway()
    small_world.workers()
    task_id = dubbed(small_world, gateway)
    address = f"/api/tasks/{task_id}/languages/es"

    def takes() -> list[tuple[str, str, int]]:
        return [(one["text"], one["take_key"], one["version"]) for one in gateway.http.get(f"{address}/lines").json()]

    def saved_as() -> str:
        name = f"/api/tasks/{task_id}/artifacts/es/export_es.mp4"
        return str(gateway.http.head(name, params={"download": True}).headers["content-disposition"])

    before = takes()
    assert saved_as().endswith("my%20video.es.mp4")
    gateway.http.patch(f"{address}/lines/s0001", json={"text": "otra"}, headers={"If-Match": "*"})
    gateway.http.patch(f"/api/tasks/{task_id}/segments/s0002", json={"text": "new"}, headers={"If-Match": "*"})
    assert saved_as().endswith("my%20video-older.es.mp4")
    process = f"/api/tasks/{task_id}/process"
    body = {"languages": ["es"], "dub_changed": True}
    assert [gateway.http.post(process, json=body).status_code for _ in "12"] == [202, 202]

    def is_spoken() -> bool:
        return gateway.task(task_id)["language_status"]["es"]["status"] == "completed"

    wait_until(is_spoken, 60, "it is not spoken and exported")
    after = takes()
    assert after[0] == before[0]
    assert [text for text, _, _ in after] == ["[es] line 0", "otra", "[es] new"]
    assert {one["state"] for one in gateway.http.get(f"{address}/lines").json()} == {"dubbed"}
    assert gateway.task(task_id)["language_status"]["es"]["gate"] == "passed"
    assert saved_as().endswith("my%20video.es.mp4")
