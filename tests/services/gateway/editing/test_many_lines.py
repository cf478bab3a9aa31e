"""Many lines edited at once, subtitles for a language without lines, texts given back to the translator."""

from typing import Any

import pytest

from services.gateway.editing import bringing
from tests.services.gateway.editing.conftest import Studio

CUES = "".join(f"{n + 1}\n00:00:0{2 * n},000 --> 00:00:0{2 * n},900\nzeile {n}\n\n" for n in range(2)).encode()


def bring(studio: Studio, path: str, data: bytes) -> Any:
    answer = studio.http.request(
        "PUT" if path.endswith("subtitles") else "POST", f"{studio.base}/languages/{path}", content=data
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_several_lines_are_one_edit_with_one_undo(small_studio: Studio) -> None:
    """All are changed, or none where one was changed meanwhile."""
    versions = {key: line["version"] for key, line in small_studio.lines("es").items()}
    lines = [{"segment_id": key, "version": version, "text": f"otra {key}"} for key, version in versions.items()]
    read = small_studio.call("PATCH", "/languages/es/lines", lines=lines)
    assert [line["text"] for line in read] == [f"otra {key}" for key in versions]
    assert small_studio.call("GET", "/edits")[0]["kind"] == "update_lines"
    refused = small_studio.call(
        "PATCH", "/languages/es/lines", 412, lines=[{"segment_id": "s0000", "text": "x"}, lines[1]]
    )
    assert refused["code"] == "version_conflict"
    assert small_studio.line("es", "s0000")["text"] == "otra s0000"
    small_studio.call("POST", "/undo")
    assert {line["text"] for line in small_studio.lines("es").values()} == {f"[es] line {n}" for n in range(3)}
    twice = small_studio.call("PATCH", "/languages/es/lines", 422, lines=[{"segment_id": "s0000", "text": "x"}] * 2)
    assert "name each line once" in twice["errors"][0]["detail"]


def test_a_language_without_lines_takes_subtitles(small_studio: Studio) -> None:
    """What they would do is told before, without doing it."""
    small_studio.call("PATCH", "", target_languages=["es", "fr", "de"])
    preview = bring(small_studio, "de/subtitles/preview", CUES)
    assert (preview["lines"], preview["lines_matched"], preview["lines_changed"]) == (3, 2, 2)
    assert [remark["kind"] for remark in preview["remarks"]] == ["lines_without"]
    assert small_studio.call("GET", "/languages/de/lines") == []
    task = bring(small_studio, "de/subtitles", CUES)
    assert task["language_status"]["de"]["brought"] is True
    assert [line["text"] for line in small_studio.call("GET", "/languages/de/lines")] == ["zeile 0", "zeile 1", None]
    small_studio.call("POST", "/languages/de/process", 202, stage="translation")
    small_studio.work()
    texts = [line["text"] for line in small_studio.call("GET", "/languages/de/lines")]
    assert texts == ["zeile 0", "zeile 1", "[de] line 2"]


def test_subtitles_are_matched_before_the_database_is_locked(
    small_studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A film takes half a second; only where a line was changed meanwhile it is done once more, by what it is now."""
    match, matched = bringing.matched_texts, list[int]()

    def slowly(*given: Any) -> Any:
        matched.append(len(matched))
        if len(matched) == 2:
            small_studio.call("PATCH", "/languages/es/lines/s0002", text="of somebody else")
        return match(*given)

    monkeypatch.setattr(bringing, "matched_texts", slowly)
    bring(small_studio, "es/subtitles", CUES)
    assert len(matched) == 1
    bring(small_studio, "es/subtitles", CUES.replace(b"zeile", b"linea"))
    assert len(matched) == 3
    texts = [line["text"] for line in small_studio.call("GET", "/languages/es/lines")]
    assert texts == ["linea 0", "linea 1", "of somebody else"]


def test_a_text_is_given_back_to_the_translator(small_studio: Studio) -> None:
    """Whoever wrote it; what was spoken before stays among the takes."""
    small_studio.call("PATCH", "/languages/es/lines/s0001", text="mio")
    small_studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    small_studio.work()
    small_studio.http.delete(f"/api/memory/{small_studio.http.get('/api/memory').json()[0]['id']}")
    small_studio.call("POST", "/languages/es/lines/s0001/translate", 202)
    small_studio.work()
    line = small_studio.line("es", "s0001")
    assert (line["text"], line["origin"], line["state"]) == ("[es] line 1", "engine", "dubbed")
    takes = small_studio.call("GET", "/languages/es/lines/s0001/takes")
    assert "mio" in [take["text"] for take in takes]
