"""Words in the picture as a task tells of them, what a person changes of them, and what jobs are told."""

from pathlib import Path

import pytest

from services.gateway.pipeline.engines import check_possible
from services.gateway.pipeline.titles import written_in
from services.gateway.pipeline.transcripts import prepare
from shared.messaging import (
    EngineInfo,
    ExportLanguage,
    LinesTranslated,
    PictureReadAgain,
    ReadPicture,
    RenderRecipe,
    TranslatedLine,
    TranslateLines,
    address_of,
    failed,
)
from shared.pipeline import ErrorCode, Lane, PermanentError, Stage
from shared.storage import keys, put_bytes, read_bytes
from shared.transcript import (
    CueReading,
    MediaFacts,
    PictureBox,
    PictureCue,
    PictureRow,
    PictureTitle,
    PictureWords,
    Segment,
    Transcript,
)
from tests.services.gateway.editing.conftest import Studio, open_studio
from tests.services.gateway.pipeline.test_chinese_script import begun

BOX = {"x": 0.1, "y": 0.8, "w": 0.5, "h": 0.1}
TITLE = {"start_s": 1.0, "end_s": 2.0, "box": BOX, "cover": "bar", "texts": {"es": "SALIDA"}, "color": "#FFFFFF"}


def words(second: str = "") -> PictureWords:
    box = PictureBox(x=0.3, y=0.85, w=0.4, h=0.08)
    row = PictureRow(box=box, text="你好", confidence=0.98)
    cue = PictureCue(id="p0001", start_s=0.0, end_s=1.0, text="你好", second=second, confidences=(1, 0.98), rows=(row,))
    titles = tuple(
        PictureTitle(first_s=1.0, last_s=3.0, box=box, text=text, language=language)
        for text, language in (("EXIT 24", "en"), ("站", "zh"))
    )
    return PictureWords(language="zh", second_language="es" if second else None, cues=(cue,), titles=titles, used=True)


def looked_at(studio: Studio) -> None:
    """The first stage found words in the picture."""
    key = keys.processed(studio.task_id, 1, "transcript.json")
    transcript = Transcript.model_validate_json(read_bytes(studio.store, key))
    put_bytes(studio.store, key, transcript.model_copy(update={"picture": words()}).model_dump_json().encode())


def test_what_is_asked_for_goes_along(sqlite_url: str, tmp_path: Path) -> None:
    """Where the source text comes from, and that the picture is read where an export covers it."""
    studio = open_studio(sqlite_url, tmp_path)
    job = begun(studio, source_text="picture")
    assert (job.source_text, job.read_picture) == ("picture", False)
    job = begun(studio, export_settings={"picture": "covered"})
    assert (job.source_text, job.read_picture) == (None, True)
    assert studio.call("PATCH", "", source_text="heard")["config"]["source_text"] == "heard"
    assert studio.call("PATCH", "", source_text=None)["config"]["source_text"] is None
    studio.database.close()


def test_subtitles_titles_and_signs_are_listed(small_studio: Studio) -> None:
    """With box and time; null while nobody looked."""
    assert small_studio.call("GET", "/picture")["words"] is None
    looked_at(small_studio)
    found = small_studio.call("GET", "/picture")["words"]
    assert [(cue["id"], cue["text"], cue["rows"][0]["box"]["y"]) for cue in found["cues"]] == [("p0001", "你好", 0.85)]
    assert [(title["text"], title["first_s"], title["last_s"]) for title in found["titles"]] == [
        ("EXIT 24", 1.0, 3.0),
        ("站", 1.0, 3.0),
    ]


def test_what_a_person_changes_reaches_the_exporter(small_studio: Studio) -> None:
    """Both kinds of export; an export that changes the picture is older than it from then on."""
    looked_at(small_studio)
    small_studio.call("PATCH", "", export_settings={"subtitles": "none"})
    assert small_studio.status("es") == "completed"
    small_studio.call("PATCH", "", export_settings={"picture": "localised"})
    assert small_studio.status("es") == "stale"  # what was exported shows the original picture
    small_studio.call("POST", "/languages/es/process", 202, stage="export")
    small_studio.work()
    assert small_studio.status("es") == "completed"
    edits = {"cues": {"p0001": {"box": BOX, "cover": "off"}}, "placed": [TITLE]}
    assert small_studio.call("PUT", "/picture/edits", **edits)["edits"] == edits
    assert small_studio.call("GET", "/picture")["edits"] == edits
    assert small_studio.status("es") == "stale"
    small_studio.call("POST", "/languages/es/process", 202, stage="export")
    small_studio.call("POST", "/exports", 202, audio=[{"kind": "original"}], picture={"mode": "covered"})
    exported, rendered = small_studio.open_jobs()
    assert isinstance(exported, ExportLanguage)
    assert isinstance(rendered, RenderRecipe)
    assert exported.settings.picture == "localised"
    for job in (exported, rendered):
        assert job.picture_edits.model_dump(mode="json") == {"cues": edits["cues"], "placed": [TITLE]}
        assert job.transcript_key


def test_what_is_not_there_cannot_be_changed(small_studio: Studio) -> None:
    """Said with the place."""
    looked_at(small_studio)
    refused = small_studio.call("PUT", "/picture/edits", 422, cues={"p0002": {"cover": "off"}})
    assert (refused["code"], "p0002" in refused["detail"]) == ("unknown_cue", True)
    small_studio.call("PUT", "/picture/edits", 422, placed=[{**TITLE, "box": {**BOX, "x": 7}}])


def again(job: ReadPicture, text: str) -> PictureReadAgain:
    """What a worker says of it."""
    reading = CueReading(box=job.box, text=text, confidences=(0.9,) * len(text))
    return PictureReadAgain(**address_of(job), cue_id=job.cue_id, reading=reading)


def test_a_cue_is_read_again_in_another_box(small_studio: Studio) -> None:
    """Asked for twice it is read once; what comes of it is told, and changes no text."""
    looked_at(small_studio)
    before = small_studio.segments()
    waiting = small_studio.call("POST", "/picture/cues/p0001/readings", 202, box=BOX)["readings"]["p0001"]
    assert (waiting["state"], waiting["box"]) == ("waiting", BOX)
    small_studio.call("POST", "/picture/cues/p0001/readings", 202, box=BOX)
    (job,) = small_studio.open_jobs()
    assert isinstance(job, ReadPicture)
    assert (job.lane, job.start_s, job.end_s, job.box.x) == (Lane.INTERACTIVE, 0.0, 1.0, BOX["x"])
    small_studio.answer(again(job, "你好吗"))
    assert ("base", "task.updated") in {fact[:2] for fact in small_studio.facts()}
    found = small_studio.call("GET", "/picture")
    ready = found["readings"]["p0001"]
    assert (ready["state"], ready["reading"]["text"], found["edits"]["cues"]) == ("ready", "你好吗", {})
    assert small_studio.segments() == before
    assert (small_studio.call("GET", "")["status"], small_studio.status("es")) == ("completed", "completed")


def test_the_last_box_counts(small_studio: Studio) -> None:
    """The answer for an earlier one comes too late; a failure is told, and can be tried again."""
    looked_at(small_studio)
    small_studio.call("POST", "/picture/cues/p0001/readings", 202, box=BOX)
    small_studio.call("POST", "/picture/cues/p0001/readings", 202, box={**BOX, "x": 0.2})
    first, second = small_studio.open_jobs()
    assert isinstance(first, ReadPicture)
    small_studio.answer(again(first, "旧"))
    assert small_studio.call("GET", "/picture")["readings"]["p0001"]["state"] == "waiting"
    small_studio.answer(failed(second, ErrorCode.TOOL_FAILED, "it cannot be decoded"))
    ended = small_studio.call("GET", "/picture")["readings"]["p0001"]
    assert (ended["state"], ended["error_code"], ended["reading"]) == ("failed", "tool_failed", None)
    small_studio.call("POST", "/picture/cues/p0001/readings", 202, box={**BOX, "x": 0.3})
    (wait,) = small_studio.call("GET", "/jobs?status=pending")
    small_studio.call("POST", f"/jobs/{wait['id']}/cancel", 202)
    assert small_studio.call("GET", "/picture")["readings"]["p0001"]["state"] == "canceled"
    small_studio.call("POST", "/picture/cues/p0001/readings", 202, box=BOX)
    assert small_studio.call("GET", "/picture")["readings"]["p0001"]["state"] == "waiting"
    assert small_studio.call("POST", "/picture/cues/p0009/readings", 422, box=BOX)["code"] == "unknown_cue"


def test_a_second_language_in_the_picture_is_a_translation_that_was_brought() -> None:
    """Chinese above Spanish: Spanish lines need no translator. A file that a person brought goes before it."""
    segment = Segment(id="s0001", start_s=0, end_s=1, speaker_id="spk_1", text="你好")
    facts = MediaFacts(container="mov", duration_s=2)
    transcript = Transcript(source_language="zh", media=facts, segments=(segment,), picture=words("Hola"))
    assert prepare("task", transcript).provided["es"].texts == {"s0001": "Hola"}
    unused = transcript.model_copy(update={"picture": words("Hola").model_copy(update={"used": False})})
    assert prepare("task", unused).provided == {}


def test_a_language_whose_letters_can_be_read_is_let_in() -> None:
    """Its first stage decides; one that nobody understands and nobody reads is refused at the door, with what both of
    them lack."""

    def engine(port: str, *languages: str) -> EngineInfo:
        fixed = {"stage": Stage.DIARIZATION, "version": "1", "licence": "MIT", "commercial_use": True}
        return EngineInfo(port=port, name=port, languages=languages, hint=f"{port}: fetch it", **fixed)

    engines = [engine("recognizer", "en"), engine("picture_text", "zh", "ja")]
    check_possible(engines, "zh", "es", subtitles=False, translation=True)
    lacking = "understands 'ko'; bring source subtitles; recognizer: fetch it; picture_text: fetch it"
    with pytest.raises(PermanentError, match=lacking):
        check_possible(engines, "ko", "es", subtitles=False, translation=True)


TRANSLATIONS = "/picture/titles/translations"


def asked_of_translator(studio: Studio) -> list[TranslateLines]:
    found = studio.open_jobs()
    assert all(isinstance(job, TranslateLines) for job in found)
    return [job for job in found if isinstance(job, TranslateLines)]


def translated(job: TranslateLines, **texts: str | None) -> LinesTranslated:
    """What a translator says of titles, by what they say without spaces."""
    lines = tuple(
        TranslatedLine(segment_id=line.segment_id, text=texts.get(line.text.replace(" ", "")), error_code=code)
        for line in job.lines
        for code in [None if texts.get(line.text.replace(" ", "")) else ErrorCode.TOOL_FAILED]
    )
    return LinesTranslated(**address_of(job), lines=lines)


def known(studio: Studio, language: str = "es") -> dict[str, tuple[str, str | None]]:
    """How far each title is, and its translation."""
    found = studio.call("GET", "/picture")["translations"].get(language, {})
    return {text: (one["state"], one["text"]) for text, one in found.items()}


def test_titles_are_translated_from_what_their_letters_tell(studio: Studio) -> None:
    """Ahead of all batch work, each once however often it is asked for; nothing of the picture or a line changes."""
    looked_at(studio)
    before = studio.segments()
    for _ in range(2):
        studio.call("POST", TRANSLATIONS, 202, language="es", texts=["EXIT 24", "站"])
    english, chinese = sorted(asked_of_translator(studio), key=lambda job: job.source_language)
    assert (english.lane, english.source_language, chinese.source_language) == (Lane.INTERACTIVE, "en", "zh")
    assert [[line.text for line in job.lines] for job in (english, chinese)] == [["EXIT 24"], ["站"]]
    assert known(studio) == {"EXIT 24": ("waiting", None), "站": ("waiting", None)}
    assert {(wait["what"], wait["language"]) for wait in studio.call("GET", "/waits")} == {("titles", "es")}
    studio.answer(translated(english, EXIT24="SALIDA 24"))
    assert ("base", "task.updated") in {fact[:2] for fact in studio.facts()}
    assert known(studio) == {"EXIT 24": ("ready", "SALIDA 24"), "站": ("waiting", None)}
    assert studio.call("GET", "/picture")["edits"]["placed"] == []
    assert studio.segments() == before
    assert studio.status("es") == "completed"


def test_a_title_that_was_not_translated_says_why_and_is_asked_for_again(small_studio: Studio) -> None:
    """Where the whole job failed, where one text of it did, and where it was canceled."""
    looked_at(small_studio)
    small_studio.call("POST", TRANSLATIONS, 202, language="fr", texts=["EXIT 24"])
    (first,) = asked_of_translator(small_studio)
    small_studio.answer(failed(first, ErrorCode.ENGINE_UNAVAILABLE, "it does not answer"))
    told = small_studio.call("GET", "/picture")["translations"]["fr"]["EXIT 24"]
    assert (told["state"], told["error_code"], told["error_message"]) == (
        "failed",
        "engine_unavailable",
        "it does not answer",
    )
    small_studio.call("POST", TRANSLATIONS, 202, language="fr", texts=["EXIT 24"])
    (second,) = asked_of_translator(small_studio)
    assert (first.attempt, second.attempt) == (1, 2)
    small_studio.answer(translated(second))
    assert small_studio.call("GET", "/picture")["translations"]["fr"]["EXIT 24"]["error_code"] == "tool_failed"
    small_studio.call("POST", TRANSLATIONS, 202, language="fr", texts=["EXIT 24"])
    (wait,) = small_studio.call("GET", "/jobs?status=pending")
    small_studio.call("POST", f"/jobs/{wait['id']}/cancel", 202)
    assert known(small_studio, "fr") == {"EXIT 24": ("canceled", None)}
    small_studio.call("POST", TRANSLATIONS, 202, language="fr", texts=["EXIT 24"])
    (last,) = asked_of_translator(small_studio)
    small_studio.answer(translated(last, EXIT24="SORTIE 24"))
    assert known(small_studio, "fr") == {"EXIT 24": ("ready", "SORTIE 24")}


def test_what_nothing_translates_is_refused_with_the_cure(
    small_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Naming the pair and what would have it; a title that is in the language already needs nobody."""
    looked_at(small_studio)
    gateway = small_studio.http.app.state.gateway  # type: ignore[attr-defined]
    engine = EngineInfo(
        stage=Stage.TRANSLATION,
        port="translator",
        name="stub-translator",
        version="1",
        licence="MIT",
        commercial_use=True,
        languages=("es",),
        pairs=(("en", "es"),),
        hint="localclip models pull m2m100-418m",
    )
    monkeypatch.setattr(gateway.capabilities, "_engines", (engine,))
    refused = small_studio.call("POST", TRANSLATIONS, 422, language="es", texts=["EXIT 24", "站"])
    assert refused["code"] == "language_unsupported"
    assert "zh → es" in refused["detail"]
    assert "localclip models pull m2m100-418m" in refused["detail"]
    assert known(small_studio) == {}
    small_studio.call("POST", TRANSLATIONS, 202, language="es", texts=["EXIT 24"])
    (job,) = asked_of_translator(small_studio)
    assert job.kept is not None
    assert job.kept.engine == "stub-translator"
    assert small_studio.call("POST", TRANSLATIONS, 422, language="es", texts=["NO SUCH"])["code"] == "unknown_title"
    small_studio.call("POST", TRANSLATIONS, 404, language="de", texts=["EXIT 24"])
    small_studio.call("POST", TRANSLATIONS, 422, language="es", texts=[])


@pytest.mark.parametrize(
    ("found", "spoken", "expected"),
    [
        ("en", "zh", "en"),
        ("en", "fr", "fr"),
        ("zh", "ja", "ja"),
        ("ja", "zh", "ja"),
        ("ko", "en", "ko"),
        (None, "es", "es"),
        ("en", None, "en"),
    ],
)
def test_a_title_is_in_the_language_that_is_spoken_unless_its_letters_are_others(
    found: str | None, spoken: str | None, expected: str
) -> None:
    """Short as titles are, only their letters tell."""
    title = PictureTitle(first_s=0, last_s=1, box=PictureBox(**BOX), text="A", language=found)
    assert written_in(title, spoken) == expected
