"""What an edit reaches, and what it does not."""

from typing import Any

import pytest

from services.gateway.db.tables import ClipRow
from shared.pipeline import Stage
from tests.services.gateway.editing.conftest import Studio


def test_a_source_edit_reaches_its_lines_in_all_languages_alone(studio: Studio) -> None:
    """A person's own line too; a rename reaches nothing."""
    studio.call("PATCH", "/languages/es/lines/s0002", text="mio")
    studio.call("POST", "/languages/es/lines/s0002/dub", 202)
    studio.work()
    studio.call("PATCH", "/segments/s0002", text="other")
    assert (studio.stale("es"), studio.stale("fr")) == (["s0002"], ["s0002"])
    assert (studio.status("es"), studio.status("fr")) == ("stale", "stale")
    assert studio.line("es", "s0002")["source_changed"] is True
    studio.call("PATCH", "/speakers/spk_1", name="Ann")
    assert (studio.stale("es"), studio.stale("fr")) == (["s0002"], ["s0002"])


def test_no_engine_overwrites_a_person(studio: Studio) -> None:
    """Neither a translation that was under way, nor one asked for later, nor a pinned text."""
    studio.call("PATCH", "/languages/es/lines/s0000", text="mio")
    takes = studio.call("GET", "/languages/es/lines/s0001/takes")
    studio.call("POST", f"/languages/es/lines/s0001/takes/{takes[0]['take_id']}/choose")
    studio.call("PATCH", "/segments/s0001", text="other")
    studio.call("POST", "/languages/es/process", 202, stage="translation")
    (job,) = studio.open_jobs()
    assert [line.segment_id for line in job.lines] == ["s0002"]  # type: ignore[union-attr]
    studio.call("PATCH", "/languages/es/lines/s0002", text="tuyo")
    studio.answer(studio.do(job))
    texts = {key: line["text"] for key, line in studio.lines("es").items()}
    assert texts == {"s0000": "mio", "s0001": "[es] line 1", "s0002": "tuyo"}


def test_a_translation_of_a_text_that_is_gone_is_not_taken(small_studio: Studio) -> None:
    """The line waits for one of the new text."""
    small_studio.call("PATCH", "/segments/s0001", text="first")
    small_studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    (job,) = small_studio.open_jobs()
    small_studio.call("PATCH", "/segments/s0001", text="second")
    small_studio.answer(small_studio.do(job))
    assert small_studio.line("es", "s0001")["text"] == "[es] line 1"
    small_studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    small_studio.work()
    line = small_studio.line("es", "s0001")
    assert (line["text"], line["state"], line["source_changed"]) == ("[es] second", "dubbed", False)


def test_what_is_outdated_is_done_again_and_nothing_else(studio: Studio) -> None:
    """Edited and new lines, translated first where nobody wrote them; then nothing is left; the export mixes only."""
    studio.call("PATCH", "/segments/s0000", text="hello")
    studio.call("PATCH", "/languages/es/lines/s0001", text="mejor")
    new = studio.call("POST", "/segments", 201, start_s=20, end_s=22, speaker_id="spk_2", text="new")["segment_id"]
    assert studio.call("POST", "/languages/es/dub", 202, only_stale=True)["lines"] == 3
    assert {job.lane for job in studio.open_jobs()} == {"interactive"}
    studio.work()
    assert sorted(studio.said()) == sorted([("s0001", "mejor"), ("s0000", "[es] hello"), (new, "[es] new")])
    assert studio.call("POST", "/languages/es/dub", 409, only_stale=True)["code"] == "nothing_to_dub"
    studio.call("POST", "/languages/es/process", 202, stage="export")
    assert [job.stage() for job in studio.open_jobs()] == [Stage.EXPORT]
    studio.work()
    assert (studio.said(), studio.status("es"), studio.status("fr")) == ([], "completed", "stale")


def test_lines_that_are_not_done_at_export_time_are_issues(small_studio: Studio) -> None:
    """Outdated and unspoken ones; those left out on purpose are none."""
    small_studio.call("PATCH", "/languages/es/lines/s0001", text="mejor")
    small_studio.call("POST", "/segments", 201, start_s=20, end_s=22, speaker_id="spk_2", text="new")
    small_studio.call("PATCH", "/languages/es/lines/s0000", text="nunca", omitted=True)
    small_studio.call("POST", "/languages/es/process", 202, stage="export")
    small_studio.work()
    state = small_studio.call("GET", "")["language_status"]["es"]
    assert (state["status"], state["issues"], small_studio.said()) == ("completed", 2, [])


def test_one_line_waits_once(small_studio: Studio) -> None:
    """Asking again replaces the job that has not begun."""
    for _ in range(3):
        small_studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    assert len(small_studio.open_jobs()) == 1


def test_a_moved_line_keeps_its_take(studio: Studio) -> None:
    """In one language alone or in all; a longer slot is another fit; an outgrown silence is one for the line before."""
    studio.call("PATCH", "/languages/es/lines/s0001", start_s=10, end_s=11)
    line = studio.line("es", "s0001")
    assert (line["state"], line["start_s"], line["take_start_s"], line["moved"]) == ("dubbed", 10.0, 10.0, True)
    assert studio.line("fr", "s0001")["start_s"] == 2.0
    studio.call("PATCH", "/segments/s0000", start_s=1.8, end_s=2.0)
    assert (studio.line("es", "s0000")["state"], studio.line("fr", "s0000")["state"]) == ("stale", "stale")
    studio.call("PATCH", "/languages/es/lines/s0001", start_s=None, end_s=None)
    assert (studio.line("es", "s0001")["take_start_s"], studio.line("es", "s0001")["moved"]) == (2.0, False)
    assert studio.status("es") == "stale"


def test_a_take_that_borrowed_silence_gives_way(small_studio: Studio) -> None:
    """A line that begins where the one before still speaks outdates that one, until it moves away again."""
    small_studio.call("PATCH", "/segments/s0000", end_s=0.5)
    small_studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    small_studio.work()  # a second long: it borrows until 1.0
    small_studio.call("PATCH", "/segments/s0001", start_s=0.8, end_s=1.8)
    assert small_studio.stale("es") == ["s0000"]
    small_studio.call("POST", "/undo")
    assert small_studio.stale("es") == []


def test_a_pinned_take_stays(studio: Studio) -> None:
    """Through everything done in batches; an edit of what is heard or a wish by name releases it."""
    path = "/languages/es/lines/s0001"
    studio.call("PATCH", path, text="mejor")
    studio.call("POST", f"{path}/dub", 202)
    studio.work()
    newer, first = studio.call("GET", f"{path}/takes")
    assert ([take["text"] for take in (newer, first)], newer["current"], first["current"]) == (
        ["mejor", "[es] line 1"],
        True,
        False,
    )
    audio = studio.http.get(first["url"], headers={"Range": "bytes=0-3"})
    assert (audio.status_code, audio.content, audio.headers["content-type"]) == (206, b"[es]", "audio/flac")
    line = studio.call("POST", f"{path}/takes/{first['take_id']}/choose")
    assert (line["text"], line["state"], line["pinned"], line["take_key"]) == (
        "[es] line 1",
        "dubbed",
        True,
        first["take_key"],
    )
    studio.said()
    studio.call("POST", "/languages/es/process", 202, stage="voice_cloning")
    studio.work()
    assert [segment_id for segment_id, _ in studio.said()] == ["s0000", "s0002"]
    studio.call("POST", f"{path}/dub", 202)
    studio.work()
    assert (studio.line("es", "s0001")["pinned"], studio.said()) == (False, [("s0001", "[es] line 1")])
    studio.call("PATCH", path, pinned=True)
    assert studio.call("PATCH", path, text="distinto")["pinned"] is False


def test_voices_are_resolved_when_jobs_are_cut(studio: Studio) -> None:
    """For a speaker and for one line: a stock voice, another speaker, a clip; the casting of the others stays."""
    with studio.database.write() as session:
        session.add(ClipRow(clip_id="c1", name="Ann", key="clips/c1.wav", duration_s=9, f0_hz=200, consent=True))
    studio.call("PATCH", "/speakers/spk_2", voice={"kind": "stock", "id": "deep"})

    def asked(segment_id: str, **change: Any) -> tuple[str, dict[str, Any]]:
        path = f"/languages/es/lines/{segment_id}"
        if change:
            studio.call("PATCH", path, **change)
        studio.call("POST", f"{path}/dub", 202)
        studio.work()
        (job,) = studio.spoken
        studio.spoken.clear()
        (line,) = job.lines
        assert {who.speaker_id for who in job.speakers if not who.aside} == {"spk_1", "spk_2"}
        (voice,) = (who for who in job.speakers if who.speaker_id == line.speaker_id)
        told = voice.model_dump(exclude_defaults=True)
        if voice.reference_key and "/processed/" in voice.reference_key:
            told.pop("reference_key")  # the speaker's own, which goes along with every choice
        return line.speaker_id, told

    assert asked("s0001") == ("spk_2", {"speaker_id": "spk_2", "voice": "deep"})
    own = {"speaker_id": "line-s0000", "aside": True}
    assert asked("s0000", voice={"kind": "stock", "id": "high"}) == ("line-s0000", {**own, "voice": "high"})
    clip = {"f0_hz": 200.0, "reference_key": "clips/c1.wav", "is_clip": True}
    assert asked("s0000", voice={"kind": "clip", "id": "c1"}) == ("line-s0000", {**own, **clip})
    assert asked("s0000", voice={"kind": "speaker", "id": "spk_2"}) == (
        "spk_2",
        {"speaker_id": "spk_2", "voice": "deep"},
    )
    studio.call("PATCH", "/speakers/spk_2", voice={"kind": "clip", "id": "c1"})
    assert studio.stale("es") == ["s0000", "s0001"]
    assert asked("s0001") == ("spk_2", {"speaker_id": "spk_2", **clip})


@pytest.mark.parametrize("kind", ["speaker", "clip"])
def test_a_voice_that_is_not_there_is_refused(small_studio: Studio, kind: str) -> None:
    """With what can be chosen."""
    voice = {"kind": kind, "id": "nobody"}
    for path in ("/languages/es/lines/s0001", "/speakers/spk_1"):
        refused = small_studio.call("PATCH", path, 422, voice=voice)
        assert refused["code"] == "unknown_voice"
        assert "choose from: " + ("spk_1, spk_2" if kind == "speaker" else "none") in refused["detail"]


def test_speakers_are_merged_with_all_that_is_theirs(studio: Studio) -> None:
    """Segments, lines of one language, voices chosen by them; one speaker is left."""
    studio.call("PATCH", "/languages/es/lines/s0001", speaker_id="spk_1")
    studio.call("PATCH", "/languages/fr/lines/s0001", voice={"kind": "speaker", "id": "spk_1"})
    merged = studio.call("POST", "/speakers/merge", **{"from": ["spk_1"], "into": "spk_2"})
    assert merged["speaker_id"] == "spk_2"
    assert [speaker["speaker_id"] for speaker in studio.call("GET", "/speakers")] == ["spk_2"]
    assert {segment["speaker_id"] for segment in studio.segments().values()} == {"spk_2"}
    assert studio.line("es", "s0001")["speaker_id"] == "spk_2"
    assert studio.line("fr", "s0001")["voice"] == {"kind": "speaker", "id": "spk_2"}
    assert studio.line("es", "s0001")["state"] == "dubbed"  # as it was before it was given to the one who is gone
    assert studio.stale("fr") == ["s0000", "s0002"]
    assert studio.call("POST", "/speakers/merge", 422, **{"from": ["spk_2"], "into": "spk_2"})["code"] == (
        "invalid_merge"
    )
    added = studio.call("POST", "/speakers", 201, name="Nobody heard")["speaker_id"]
    found = [studio.http.get(f"{studio.base}/speakers/{who}/sample").status_code for who in ("spk_2", added)]
    assert found == [200, 404]


def test_splitting_and_merging_keep_every_word(studio: Studio) -> None:
    """The first keeps its id; a person's halves are theirs; merging gives the text back."""
    before = studio.segments()["s0001"]
    first, second = studio.call("POST", "/segments/s0001/split", at_s=2.5, texts={"fr": ["début", "fin"]})["segments"]
    assert (first["segment_id"], first["end_s"], second["start_s"]) == ("s0001", 2.5, 2.5)
    assert f"{first['text']} {second['text']}" == before["text"]
    halves = [studio.line("es", part["segment_id"]) for part in (first, second)]
    assert " ".join(half["text"] for half in halves) == "[es] line 1"
    assert ([half["state"] for half in halves], halves[0]["source_changed"]) == (["stale", "translated"], False)
    french = studio.line("fr", second["segment_id"])
    assert (french["text"], french["edited"]) == ("fin", True)
    merged = studio.call("POST", "/segments/merge", segment_ids=["s0001", second["segment_id"]])
    assert (merged["text"], merged["end_s"]) == (before["text"], before["end_s"])
    assert studio.line("es", "s0001")["state"] == "dubbed"  # the take of the whole line fits again
    refused = studio.call("POST", "/segments/merge", 422, segment_ids=["s0000", "s0002"])
    assert refused["code"] == "not_neighbours"
    assert studio.call("POST", "/segments/s0001/split", 422, at_s=2.5, text_at=500)["code"] == "cannot_split"


def test_brought_subtitles_are_one_edit_of_the_lines_that_differ(studio: Studio) -> None:
    """Only those turn stale; they are spoken as they were brought, and no engine translates them."""
    lines = studio.lines("es")
    cues = "".join(
        f"{number}\n00:00:{2 * number:02},000 --> 00:00:{2 * number:02},900\n"
        f"{line['text'] if number else 'otra cosa'}\n\n"
        for number, line in enumerate(lines.values())
    )
    studio.said()
    studio.http.put(f"{studio.base}/languages/es/subtitles", content=cues).raise_for_status()
    first = next(iter(lines))
    assert studio.stale("es") == [first]
    assert studio.status("es") == "stale"
    assert studio.line("es", first)["origin"] == "provided"
    translated = len(studio.translated)
    studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    studio.work()
    assert studio.said() == [(first, "otra cosa")]
    assert len(studio.translated) == translated
    assert studio.stale("es") == []


def test_a_start_after_brought_subtitles_were_undone_finds_all_as_it_was(small_studio: Studio) -> None:
    """The takes count again; nothing is translated."""
    cues = "1\n00:00:02,000 --> 00:00:04,000\nun texto de otra persona\n"
    small_studio.http.put(f"{small_studio.base}/languages/es/subtitles", content=cues).raise_for_status()
    assert small_studio.stale("es")
    small_studio.call("POST", "/undo")
    before = small_studio.state()
    small_studio.translated.clear()
    small_studio.call("POST", "/process", 202, languages=["es"])
    small_studio.work()
    assert small_studio.state() == before
    assert small_studio.translated == []
    assert small_studio.status("es") == "completed"


def test_subtitles_brought_unchanged_change_nothing(studio: Studio) -> None:
    """The finished export still shows them."""
    cues = "".join(
        f"{number}\n00:00:{2 * number:02},000 --> 00:00:{2 * number:02},900\n{line['text']}\n\n"
        for number, line in enumerate(studio.lines("es").values())
    )
    studio.http.put(f"{studio.base}/languages/es/subtitles", content=cues).raise_for_status()
    assert studio.status("es") == "completed"
    assert studio.call("GET", "/edits") == []


def test_a_line_done_again_unchanged_is_to_be_said_otherwise(small_studio: Studio) -> None:
    """By an engine that can; after an edit the line is said as it comes."""

    def renditions() -> list[int]:
        small_studio.work()
        found = [line.rendition for job in small_studio.spoken for line in job.lines]
        small_studio.spoken.clear()
        return found

    renditions()
    small_studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    assert renditions() == [1]
    small_studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    assert renditions() == [2]
    small_studio.call("PATCH", "/languages/es/lines/s0001", text="otra cosa")
    small_studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    assert renditions() == [2]


def test_all_lines_move_at_once_and_back(studio: Studio) -> None:
    """What lies outside the video then goes; one undo brings it back."""
    before = {one["segment_id"]: (one["start_s"], one["end_s"]) for one in studio.call("GET", "/segments")}
    last = max(end for _, end in before.values())
    task = studio.call("POST", "/segments/shift", shift_s=-1.0)
    assert task["subtitle_timing"] is None
    after = {one["segment_id"]: (one["start_s"], one["end_s"]) for one in studio.call("GET", "/segments")}
    for key, (start, end) in after.items():
        assert (start, end) == (max(0.0, before[key][0] - 1), before[key][1] - 1)
    assert studio.status("es") == "stale"
    studio.call("POST", "/segments/shift", 422, shift_s=-last)
    studio.call("POST", "/undo")
    assert {one["segment_id"]: (one["start_s"], one["end_s"]) for one in studio.call("GET", "/segments")} == before
