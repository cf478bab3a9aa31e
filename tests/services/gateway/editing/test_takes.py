"""Editing one line costs one take, with the real cloner."""

from pathlib import Path

import pytest

from services.cloner.dubbing import Dubbing
from services.cloner.engines import Synthesizer
from services.cloner.engines.espeak import find_espeak
from services.cloner.handlers import clone_lines
from services.gateway.db.tables import ClipRow
from tests.services.cloner.conftest import CountingEngine
from tests.services.gateway.editing.conftest import dub_all, open_studio


@pytest.fixture(scope="module")
def espeak() -> Synthesizer:
    """The installed eSpeak NG."""
    return find_espeak() or pytest.skip("espeak-ng is not installed")


def test_editing_one_line_speaks_one_take(
    espeak: Synthesizer, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many; moving it costs none, undoing none, mixing again none."""
    monkeypatch.setattr("tests.services.gateway.stub_workers.SEGMENTS", 29)
    engine = CountingEngine(espeak)
    studio = open_studio(sqlite_url, tmp_path)
    studio.clone = clone_lines(Dubbing([engine]))
    dub_all(studio)
    assert {line["state"] for line in studio.lines("es").values()} == {"dubbed"}
    path = "/languages/es/lines/s0007"

    def spoken() -> list[str]:
        texts = [speech.text for speech in engine.asked]
        engine.asked.clear()
        return texts

    assert len(spoken()) >= 2 * 29
    first = studio.line("es", "s0007")
    studio.call("PATCH", path, text="Sí.")
    assert studio.call("POST", "/languages/es/dub", 202, only_stale=True)["lines"] == 1
    studio.work()
    second = studio.line("es", "s0007")
    assert (spoken(), second["state"], second["fit"]) == (["Sí."], "dubbed", "natural")
    changes: list[dict[str, float | None]] = [{"start_s": 14.2, "end_s": 15.2}, {"end_s": 15.9}, {"start_s": 14.0}]
    for change in changes:
        studio.call("PATCH", path, **change)
        studio.call("POST", f"{path}/dub", 202)
        studio.work()
        assert (spoken(), studio.line("es", "s0007")["state"]) == ([], "dubbed")
    for _ in range(4):
        studio.call("POST", "/undo")
    studio.call("POST", "/languages/es/process", 202, stage="export")
    studio.work()
    last = studio.line("es", "s0007")
    assert (spoken(), last["take_key"], studio.status("es")) == ([], first["take_key"], "completed")


def test_a_clip_is_honestly_no_clone(espeak: Synthesizer, sqlite_url: str, tmp_path: Path) -> None:
    """An engine that cannot clone matches the pitch and says so; the voices of the others stay."""
    studio = open_studio(sqlite_url, tmp_path)
    studio.clone = clone_lines(Dubbing([espeak]))
    dub_all(studio)
    takes = {key: line["take_key"] for key, line in studio.lines("es").items()}
    with studio.database.write() as session:
        session.add(ClipRow(clip_id="c1", name="Ann", key="clips/c1.wav", duration_s=9, f0_hz=240, consent=True))
    studio.call("PATCH", "/languages/es/lines/s0000", voice={"kind": "clip", "id": "c1"})
    studio.call("POST", "/languages/es/dub", 202, only_stale=True)
    studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    studio.work()
    lines = studio.lines("es")
    assert "cannot speak like a clip: only its pitch is matched" in lines["s0000"]["decision"]
    assert lines["s0000"]["take_key"] != takes["s0000"]
    assert (lines["s0001"]["take_key"], lines["s0002"]["take_key"]) == (takes["s0001"], takes["s0002"])
