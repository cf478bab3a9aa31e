"""A task keeps to the engines it began with; better ones change nothing until a person takes them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import delete

from services.gateway.db.tables import TaskEngine
from shared.messaging import (
    CloneLines,
    EngineChoice,
    EngineInfo,
    JobContext,
    LinesDubbed,
    TranslateLines,
    failed,
)
from shared.pipeline import ErrorCode, Stage
from tests.services.gateway import stub_workers
from tests.services.gateway.editing.conftest import Studio


def engine(port: str, name: str, model: str = "", *, others: tuple[EngineChoice, ...] = ()) -> EngineInfo:
    """An engine as its worker announces it."""
    stage = {"translator": Stage.TRANSLATION, "voice": Stage.CLONING}.get(port, Stage.DIARIZATION)
    return EngineInfo(
        stage=stage,
        port=port,
        name=name,
        version="1",
        licence="MIT",
        commercial_use=True,
        model=model,
        digest=f"sha-{model}" if model else "",
        others=others,
    )


ESPEAK, KOKORO = engine("voice", "espeak-ng"), engine("voice", "kokoro", "kokoro")
APERTIUM, NLLB = engine("translator", "Apertium"), engine("translator", "NLLB-200", "nllb-200-600m")
SPHINX, WHISPER = engine("recognizer", "pocketsphinx"), engine("recognizer", "faster-whisper", "whisper-base")
BEFORE = (SPHINX, APERTIUM, ESPEAK)
AFTER = (WHISPER, NLLB, KOKORO, ESPEAK)


def announce(studio: Studio, *engines: EngineInfo) -> None:
    """What the workers have from now on."""
    studio.http.app.state.gateway.capabilities._engines = engines  # type: ignore[attr-defined]


def clone_by(job: CloneLines, context: JobContext) -> LinesDubbed:
    """Takes of the engine that the job names."""
    found = stub_workers.clone(job, context)
    assert job.kept is not None
    engines = (engine("voice", job.kept.engine, job.kept.model).used(),)
    return found.model_copy(update={"chosen": (job.kept,), "engines": engines})


def dubbed_again(studio: Studio, *engines: EngineInfo) -> None:
    """A task that began with `engines`."""
    announce(studio, *engines)
    studio.clone = clone_by
    with studio.database.write() as session:
        session.exec(delete(TaskEngine))
    for language in ("es", "fr"):
        studio.call("POST", f"/languages/{language}/process", 202, stage="translation")
        studio.work()
        studio.call("POST", f"/languages/{language}/process", 202, stage="export")
    studio.work()
    studio.said()
    studio.translated.clear()


def kept(studio: Studio, language: str, port: str) -> str:
    """The engine that a language of the task keeps to."""
    found: list[dict[str, Any]] = studio.call("GET", "")["engines"]
    return next((str(one["engine"]) for one in found if (one["language"], one["port"]) == (language, port)), "")


def offered(studio: Studio) -> dict[tuple[str, str], dict[str, Any]]:
    """Engines of the task with what would be better, by language and port."""
    return {(one["language"], one["port"]): one for one in studio.call("GET", "/engines")}


def asked(studio: Studio) -> set[str]:
    """The voices that were asked for since the last call."""
    found = {job.kept.engine if job.kept else "" for job in studio.spoken}
    studio.spoken.clear()
    return found


def test_a_line_is_done_again_by_the_engine_its_task_began_with(studio: Studio) -> None:
    """Kokoro comes: a line that is edited and spoken again has the voice of before; so has the whole language."""
    dubbed_again(studio, *BEFORE)
    assert kept(studio, "es", "voice") == "espeak-ng"
    announce(studio, *AFTER)
    studio.call("PATCH", "/languages/es/lines/s0001", text="otra cosa")
    studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    studio.work()
    assert asked(studio) == {"espeak-ng"}
    studio.call("POST", "/languages/es/process", 202, stage="voice_cloning")
    studio.work()
    assert asked(studio) == {"espeak-ng"}
    assert kept(studio, "es", "voice") == "espeak-ng"


def test_an_upgrade_that_comes_twice_at_once_is_one(studio: Studio) -> None:
    """The other is told that there is nothing more to upgrade."""
    dubbed_again(studio, *BEFORE)
    announce(studio, *AFTER)

    def upgrade(_: int) -> int:
        wanted = {"languages": ["es"], "ports": ["voice"]}
        return studio.http.post(f"{studio.base}/engines/upgrade", json=wanted).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(upgrade, range(2))) == [200, 409]


def test_an_upgrade_says_what_it_does_and_outdates_the_lines(studio: Studio) -> None:
    """Nothing is done again by itself; the other language keeps to what it has."""
    dubbed_again(studio, *BEFORE)
    announce(studio, *AFTER)
    before = offered(studio)["es", "voice"]
    assert (before["here"], before["error_percent"]) == (True, 38.0)
    assert before["offer"]["engine"] == "kokoro"
    assert (before["offer"]["error_percent"], before["offer"]["lines"]) == (5.6, 3)
    assert before["offer"]["does_again"] == "3 lines would be spoken again; takes that a person pinned stay"
    studio.call("PATCH", "/languages/es/lines/s0000", pinned=True)
    studio.call("POST", "/engines/upgrade", languages=["es"], ports=["voice"])
    assert studio.open_jobs() == []
    assert studio.stale("es") == ["s0001", "s0002"]
    assert (studio.stale("fr"), studio.status("es"), studio.status("fr")) == ([], "stale", "completed")
    assert offered(studio)["es", "voice"]["offer"] is None
    studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    studio.work()
    assert asked(studio) == {"kokoro"}
    assert studio.stale("es") == []
    assert kept(studio, "fr", "voice") == "espeak-ng"
    assert studio.call("POST", "/engines/upgrade", 409, languages=["es"], ports=["voice"])["code"] == (
        "nothing_to_upgrade"
    )


def test_an_upgrade_is_undone_with_its_takes(studio: Studio) -> None:
    """Takes of both engines are told apart: those of the first count again at once."""
    dubbed_again(studio, *BEFORE)
    announce(studio, *AFTER)
    studio.call("POST", "/engines/upgrade", languages=["es"])
    assert studio.stale("es") == ["s0000", "s0001", "s0002"]
    studio.call("POST", "/undo")
    assert (studio.stale("es"), kept(studio, "es", "voice"), kept(studio, "es", "translator")) == (
        [],
        "espeak-ng",
        "Apertium",
    )
    studio.call("POST", "/languages/es/process", 202, stage="export")
    studio.work()
    assert studio.translated == []
    studio.said()
    studio.call("POST", "/redo")
    assert (len(studio.stale("es")), kept(studio, "es", "voice")) == (3, "kokoro")


def test_another_translator_does_its_own_lines_again(studio: Studio) -> None:
    """What a person wrote stays; the others are translated before they are spoken, line by line or all at once."""
    dubbed_again(studio, *BEFORE)
    studio.call("PATCH", "/languages/es/lines/s0001", text="de una persona")
    announce(studio, *AFTER)
    studio.call("POST", "/engines/upgrade", languages=["es"], ports=["translator"])
    assert not any(line["source_changed"] for line in studio.lines("es").values())
    studio.call("POST", "/languages/es/dub", 202, segment_ids=["s0000"])
    studio.work()
    assert [
        (job.kept and job.kept.engine, [line.segment_id for line in job.lines if line.asked])
        for job in studio.translated
    ] == [("NLLB-200", ["s0000"])]
    studio.translated.clear()
    studio.call("POST", "/languages/es/process", 202, stage="export")
    studio.work()
    done = [line.segment_id for job in studio.translated for line in job.lines if line.asked]
    assert done == ["s0000", "s0002"]
    assert asked(studio) == {"espeak-ng"}
    assert studio.line("es", "s0001")["text"] == "de una persona"


def test_another_recognizer_is_taken_only_when_named(studio: Studio) -> None:
    """It replaces every line, which is said; the next run listens again, and an undo before it takes that back."""
    dubbed_again(studio, *BEFORE)
    with studio.database.write() as session:
        session.add(
            TaskEngine(task_id=studio.task_id, language="base", port="recognizer", engine="pocketsphinx", used=True)
        )
    announce(studio, *AFTER)
    offer = offered(studio)["base", "recognizer"]["offer"]
    assert (offer["model"], offer["lines"]) == ("whisper-base", 3)
    assert offer["does_again"].startswith("the whole video is listened to again")
    studio.call("POST", "/engines/upgrade", ports=["voice", "translator"])
    assert kept(studio, "base", "recognizer") == "pocketsphinx"
    studio.call("POST", "/engines/upgrade", languages=["base"])
    assert kept(studio, "base", "recognizer") == "faster-whisper"
    studio.call("POST", "/languages/es/process", 202, stage="export")
    (job,) = studio.open_jobs()
    assert job.kind == "diarize_video"
    assert job.kept is not None
    assert job.kept.model == "whisper-base"


def test_a_task_whose_engine_is_gone_says_so(studio: Studio) -> None:
    """A line that it cannot speak fails with the way out; what it had is kept, and the upgrade is that way."""
    dubbed_again(studio, KOKORO, APERTIUM, SPHINX)
    announce(studio, *BEFORE)
    assert offered(studio)["es", "voice"]["here"] is False
    studio.call("PATCH", "/languages/es/lines/s0001", text="otra cosa")
    studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    (job,) = studio.open_jobs()
    assert isinstance(job, CloneLines)
    assert job.kept is not None
    assert (job.kept.engine, job.kept.digest) == ("kokoro", "sha-kokoro")
    studio.answer(failed(job, ErrorCode.ENGINE_GONE, "this task keeps to kokoro"))
    line = studio.line("es", "s0001")
    assert (line["state"], line["error_code"]) == ("failed", "engine_gone")
    assert line["take_key"]
    studio.call("POST", "/engines/upgrade", languages=["es"], ports=["voice"])
    studio.call("POST", "/languages/es/dub", 202, segment_ids=["s0001"])
    studio.work()
    assert asked(studio) == {"espeak-ng"}
    assert studio.line("es", "s0001")["state"] == "dubbed"


def test_all_jobs_of_a_stage_are_done_alike(small_studio: Studio) -> None:
    """What is at hand when a stage is cut is on each of its jobs: a worker that starts with more changes none."""
    dubbed_again(small_studio, *BEFORE)
    announce(small_studio, *BEFORE)
    small_studio.http.patch(small_studio.base, json={"target_languages": ["es", "fr", "de"]}).raise_for_status()
    small_studio.call("POST", "/languages/de/process", 202, stage="translation")
    (job,) = small_studio.open_jobs()
    assert isinstance(job, TranslateLines)
    assert job.kept == APERTIUM.choice()
    assert kept(small_studio, "de", "translator") == ""  # it has done nothing yet


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (EngineChoice(port="voice", engine="kokoro"), True),
        (EngineChoice(port="voice", engine="kokoro", model="kokoro", digest="abc", marks="x"), True),
        (EngineChoice(port="voice", engine="kokoro", model="kokoro", digest="sample:123"), True),
        (EngineChoice(port="voice", engine="kokoro", model="kokoro", digest="abd"), False),
        (EngineChoice(port="voice", engine="kokoro", model="other", digest="abc"), False),
        (EngineChoice(port="voice", engine="flite"), False),
    ],
)
def test_engines_are_the_same_by_what_is_known_of_both(other: EngineChoice, same: bool) -> None:
    """A task of before knows no digest; a digest is compared with its own kind."""
    assert EngineChoice(port="voice", engine="kokoro", model="kokoro", digest="abc").is_same(other) is same
