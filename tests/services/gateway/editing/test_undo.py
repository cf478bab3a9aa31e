"""Every edit can be undone and done again, exactly, with its takes."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import update

from services.gateway.db.tables import EditRow, LineRow
from services.gateway.editing import rows as editing_rows
from tests.services.gateway.editing.conftest import Studio

BROUGHT = """1
00:00:02,000 --> 00:00:04,000
un texto de otra persona
"""

EDITS: dict[str, Callable[[Studio], Any]] = {
    "update_segment": lambda s: s.call("PATCH", "/segments/s0001", text="other words", end_s=3.5),
    "insert_segment": lambda s: s.call(
        "POST", "/segments", 201, start_s=20, end_s=22, speaker_id="spk_1", text="inserted"
    ),
    "delete_segment": lambda s: s.call("DELETE", "/segments/s0001", 204),
    "split_segment": lambda s: s.call("POST", "/segments/s0001/split", at_s=2.5),
    "merge_segments": lambda s: s.call("POST", "/segments/merge", segment_ids=["s0000", "s0001", "s0002"]),
    "update_line": lambda s: s.call(
        "PATCH", "/languages/es/lines/s0001", text="mejor", speaker_id="spk_1", voice={"kind": "stock", "id": "x"}
    ),
    "update_line ": lambda s: s.call("PATCH", "/languages/es/lines/s0001", omitted=True, pinned=True),
    "update_speaker": lambda s: s.call(
        "PATCH", "/speakers/spk_1", name="Ann", voice={"kind": "speaker", "id": "spk_2"}
    ),
    "create_speaker": lambda s: s.call("POST", "/speakers", 201, name="Narrator"),
    "merge_speakers": lambda s: s.call("POST", "/speakers/merge", **{"from": ["spk_1"], "into": "spk_2"}),
    "bring_subtitles": lambda s: s.http.put(f"{s.base}/languages/es/subtitles", content=BROUGHT).raise_for_status(),
    "assign_lines": lambda s: s.call("POST", "/speakers/spk_1/assign", segment_ids=["s0000", "s0001"]),
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_is_undone_and_done_again_exactly(studio: Studio, kind: str) -> None:
    """Rows, states and takes are as before; nothing is spoken; versions only grow."""
    before = studio.state()
    versions = {key: line["version"] for key, line in studio.lines("es").items()}
    EDITS[kind](studio)
    after = studio.state()
    assert after != before
    undone = studio.call("POST", "/undo")
    assert (undone["edit"]["kind"], undone["edit"]["undone"]) == (kind.strip(), True)
    assert studio.state() == before
    assert studio.call("POST", "/redo")["edit"]["undone"] is False
    assert studio.state() == after
    studio.call("POST", "/undo")
    assert studio.state() == before
    assert all(studio.line("es", key)["version"] >= version for key, version in versions.items())
    assert studio.open_jobs() == []


def test_edits_are_undone_in_turn(small_studio: Studio) -> None:
    """Newest first, listed with numbers; a new edit ends what could be done again."""
    states = [small_studio.state()]
    for name in ("update_line", "split_segment", "assign_lines", "update_speaker", "delete_segment"):
        EDITS[name](small_studio)
        states.append(small_studio.state())
    for state in states[-2::-1]:
        small_studio.call("POST", "/undo")
        assert small_studio.state() == state
    assert small_studio.call("POST", "/undo", 409)["code"] == "nothing_to_undo"
    for state in states[1:3]:
        small_studio.call("POST", "/redo")
        assert small_studio.state() == state
    EDITS["create_speaker"](small_studio)
    assert small_studio.call("POST", "/redo", 409)["code"] == "nothing_to_redo"
    listed = small_studio.call("GET", "/edits")
    assert [(edit["number"], edit["kind"]) for edit in listed] == [
        (6, "create_speaker"),
        (2, "split_segment"),
        (1, "update_line"),
    ]
    assert "s0001" in listed[1]["summary"]


def test_an_undo_reads_one_edit_and_the_list_not_what_they_changed(small_studio: Studio) -> None:
    """A history may be gigabytes: each translation that is brought is an edit of all lines, with their texts."""
    for number in range(8):
        small_studio.call("PATCH", "/languages/es/lines/s0001", text=f"otra {number}")
    loaded: list[EditRow] = []
    listen = lambda row, _: loaded.append(row)  # noqa: E731
    event.listen(EditRow, "load", listen)
    try:
        small_studio.call("POST", "/undo")
        assert len(loaded) == 1
        small_studio.call("POST", "/undo")
        small_studio.call("POST", "/redo")
        assert len(loaded) == 3
        small_studio.call("PATCH", "/languages/es/lines/s0001", text="something new")
        assert len(loaded) == 3
        assert len(small_studio.call("GET", "/edits")) == 8
        assert all("before" not in vars(row) for row in loaded[3:])
    finally:
        event.remove(EditRow, "load", listen)
    assert small_studio.call("POST", "/redo", 409)["code"] == "nothing_to_redo"


def test_a_history_has_an_end(small_studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too far back is forgotten with the next edit; the rest is undone as ever, by the numbers it had."""
    monkeypatch.setattr(editing_rows, "MOST_EDITS", 3)
    for number in range(4):
        small_studio.call("PATCH", "/languages/es/lines/s0001", text=f"otra {number}")
    assert [edit["number"] for edit in small_studio.call("GET", "/edits")] == [4, 3, 2]
    for number in range(3):  # takes numbers, but none of their places
        small_studio.call("POST", "/undo")
        small_studio.call("PATCH", "/languages/es/lines/s0001", text=f"the newest, {number}")
    for text in ("otra 2", "otra 1", "otra 0"):
        small_studio.call("POST", "/undo")
        assert small_studio.line("es", "s0001")["text"] == text
    assert small_studio.call("POST", "/undo", 409)["code"] == "nothing_to_undo"


def test_a_take_made_meanwhile_is_kept(studio: Studio) -> None:
    """Undo brings the first take back, redo the second; neither is spoken again."""
    path = "/languages/es/lines/s0001"
    first = studio.line("es", "s0001")["take_key"]
    studio.call("PATCH", path, text="mejor")
    studio.call("POST", f"{path}/dub", 202)
    studio.work()
    second = studio.line("es", "s0001")["take_key"]
    assert (first != second, studio.said()) == (True, [("s0001", "mejor")])
    studio.call("POST", "/undo")
    line = studio.line("es", "s0001")
    assert (line["text"], line["state"], line["take_key"]) == ("[es] line 1", "dubbed", first)
    studio.call("POST", "/redo")
    line = studio.line("es", "s0001")
    assert (line["text"], line["state"], line["take_key"]) == ("mejor", "dubbed", second)
    studio.call("PATCH", path, text="[es] line 1")  # typed again rather than undone
    assert studio.line("es", "s0001")["take_key"] == first
    assert studio.open_jobs() == []


def test_a_take_that_arrives_after_the_undo_counts(small_studio: Studio) -> None:
    """And one that was made of a text that is gone does not."""
    path = "/languages/es/lines/s0001"
    small_studio.call("PATCH", path, text="mejor")
    small_studio.call("POST", f"{path}/dub", 202)
    (job,) = small_studio.open_jobs()
    result = small_studio.do(job)
    small_studio.call("PATCH", path, text="aun mejor")
    small_studio.answer(result)
    assert small_studio.line("es", "s0001")["state"] == "stale"
    small_studio.call("POST", "/undo")
    assert (small_studio.line("es", "s0001")["state"], small_studio.open_jobs()) == ("dubbed", [])


def test_what_was_changed_otherwise_since_is_not_overwritten(small_studio: Studio) -> None:
    """409 with the reason; the rows stay."""
    small_studio.call("PATCH", "/languages/es/lines/s0001", text="mejor")
    with small_studio.database.write() as session:
        session.exec(update(LineRow).where(LineRow.segment_id == "s0001").values(text="from elsewhere"))  # type: ignore[arg-type]
    conflict = small_studio.call("POST", "/undo", 409)
    assert conflict["code"] == "edit_conflict"
    assert "'text' of lines/es/s0001 was changed since" in conflict["detail"]
    assert small_studio.line("es", "s0001")["text"] == "from elsewhere"


def test_an_insertion_done_again_has_what_was_made_of_it(small_studio: Studio) -> None:
    """Translation and take of the inserted line come back with it."""
    inserted = EDITS["insert_segment"](small_studio)["segment_id"]
    small_studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    small_studio.work()
    before = small_studio.line("es", inserted)
    assert (before["text"], before["state"]) == ("[es] inserted", "dubbed")
    small_studio.call("POST", "/undo")
    assert inserted not in small_studio.lines("es") | small_studio.lines("fr")
    small_studio.call("POST", "/redo")
    again = small_studio.line("es", inserted)
    assert {**again, "version": 0} == {**before, "version": 0}


def test_edits_and_their_undoing_are_told(small_studio: Studio) -> None:
    """Other clients can follow: what came, changed and went."""
    second = small_studio.call("POST", "/segments/s0001/split", at_s=2.5)["segments"][1]["segment_id"]
    told = {(language, name, data.get("segment_id")) for language, name, data in small_studio.facts()}
    assert {
        ("base", "segment.updated", "s0001"),
        ("base", "segment.created", second),
        ("es", "line.updated", "s0001"),
        ("fr", "line.updated", second),
        ("es", "language.stale", None),
    } <= told
    small_studio.call("POST", "/undo")
    found = small_studio.facts()
    assert ("base", "segment.deleted", second) in {(at, name, data.get("segment_id")) for at, name, data in found}
    (undone,) = (data for _, name, data in found if name == "edit.undone")
    assert (undone["number"], undone["kind"]) == (1, "split_segment")
    EDITS["merge_speakers"](small_studio)
    told = {(language, name, data.get("speaker_id")) for language, name, data in small_studio.facts()}
    assert {("base", "speaker.merged", "spk_2"), ("base", "speaker.deleted", "spk_1")} <= told
