"""A task says in which script its Chinese is written."""

import json
from pathlib import Path

import pytest

from services.gateway.batches.manifest import Planner
from services.gateway.pipeline.cut import translation_jobs
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.script.rows import locked_task
from services.gateway.script.script import Script
from services.gateway.settings import GatewaySettings
from shared.messaging import DiarizeVideo
from tests.services.gateway.conftest import VIDEO
from tests.services.gateway.editing.conftest import Studio, open_studio


def begun(studio: Studio, **config: object) -> DiarizeVideo:
    """The first job of a new task."""
    parts = [
        ("config", (None, json.dumps({"target_languages": ["es"], **config}))),
        ("start", (None, "true")),
        ("video", ("a.mp4", VIDEO)),
    ]
    answer = studio.http.post("/api/tasks", files=parts)
    assert answer.status_code == 201, answer.text
    studio.task_id = answer.json()["task_id"]
    job = studio.open_jobs()[-1]
    assert isinstance(job, DiarizeVideo)
    return job


def test_the_task_says_it_or_the_account(sqlite_url: str, tmp_path: Path) -> None:
    """Simplified by default; jobs of every stage that writes Chinese are told, and the choice can be changed."""
    studio = open_studio(sqlite_url, tmp_path)
    assert begun(studio).chinese == "zh-Hans"
    studio.http.put("/api/settings", json={"chinese": "zh-Hant"}).raise_for_status()
    assert begun(studio, source_language="zh").chinese == "zh-Hant"
    assert begun(studio, chinese="zh-Hans").chinese == "zh-Hans"
    studio.work()
    studio.http.patch(studio.base, json={"chinese": "zh-Hant"}).raise_for_status()
    with studio.database.write() as session:
        task = locked_task(session, studio.task_id)
        assert task is not None
        (job,) = translation_jobs(Script(session, task, "es"), 9, ["s0001"])
    assert job.chinese == "zh-Hant"
    assert studio.http.patch(studio.base, json={"chinese": "pinyin"}).status_code == 422
    studio.database.close()


def test_a_video_is_dubbed_into_chinese(sqlite_url: str, tmp_path: Path) -> None:
    """Named with its script or without; a Chinese video, too, as any other in its own language: what is said stays."""
    studio = open_studio(sqlite_url, tmp_path)
    begun(studio, target_languages=["zh-Hant", "es"])
    studio.work()
    read = studio.call("GET", "")
    assert (read["config"]["target_languages"], read["config"]["chinese"]) == (["zh", "es"], "zh-Hant")
    assert read["language_status"]["zh"]["status"] == "completed"
    assert [job.chinese for job in studio.translated if job.language == "zh"] == ["zh-Hant"]
    assert studio.line("zh", "s0001")["state"] == "dubbed"
    studio.database.close()


@pytest.mark.parametrize(
    ("sent", "language", "script"),
    [
        ({"source_language": "zh-Hant"}, "zh", "zh-Hant"),
        ({"source_language": "zh_TW"}, "zh", "zh-Hant"),
        ({"source_language": "zh-CN"}, "zh", "zh-Hans"),
        ({"source_language": "zh-Hant", "chinese": "zh-Hans"}, "zh", "zh-Hans"),
        ({"source_language": "zh"}, "zh", "zh-Hans"),
        ({"source_language": "es"}, "es", "zh-Hans"),
    ],
)
def test_a_tag_with_a_script_says_both(sent: dict[str, str], language: str, script: str) -> None:
    """What is said by name goes before what a tag says."""
    found = TaskConfig.model_validate(sent)
    assert (found.source_language, found.chinese) == (language, script)


def test_a_task_has_chinese_in_one_script(sqlite_url: str, tmp_path: Path) -> None:
    """Both at once are refused with what to do; a language that is added brings its script."""
    studio = open_studio(sqlite_url, tmp_path)
    config = json.dumps({"target_languages": ["zh-Hans", "zh-Hant"]})
    refused = studio.http.post("/api/tasks", files=[("config", (None, config)), ("video", ("a.mp4", VIDEO))])
    assert refused.status_code == 422
    assert "in one script" in refused.text
    begun(studio)
    assert studio.call("GET", "")["config"]["chinese"] == "zh-Hans"
    studio.http.post(f"{studio.base}/process", json={"languages": ["zh-Hant"]}).raise_for_status()
    config = studio.call("GET", "")["config"]
    assert (config["target_languages"], config["chinese"]) == (["es", "zh"], "zh-Hant")
    studio.http.patch(studio.base, json={"target_languages": ["es", "zh-Hans"]}).raise_for_status()
    assert studio.call("GET", "")["config"]["chinese"] == "zh-Hans"
    studio.database.close()


def test_a_row_of_a_batch_names_its_script() -> None:
    """Among its languages and at its translations; the others keep that of the batch."""
    rows = [
        {"source": "a.mp4", "languages": ["zh-TW", "es"], "translations": {"zh-Hant": "a.zh-Hant.srt"}},
        {"source": "b.mp4", "languages": ["zh"]},
        {"source": "c.mp4", "languages": ["zh-Hans", "zh-Hant"]},
    ]
    first, second, third = Planner(TaskConfig(chinese="zh-Hans"), (), GatewaySettings()).plan(rows)
    assert first.config
    assert second.config
    assert third.config is None
    assert (first.config.target_languages, first.config.chinese) == (["zh", "es"], "zh-Hant")
    assert first.read.files == {"translation_zh": "a.zh-Hant.srt"}
    assert second.config.chinese == "zh-Hans"
    assert "in one script" in third.read.refused[0].detail
