"""A voice is heard before it is chosen, and nothing of the task changes by that."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from services.cloner.dubbing import Dubbing
from services.cloner.engines.espeak import find_espeak
from services.cloner.handlers import clone_lines
from services.gateway.db.engine import Database
from services.gateway.editing.lines import stock_voices
from services.gateway.editing.speakers import list_voices
from services.gateway.pipeline.parts import Gateway
from services.gateway.web.keys import Caller
from shared.messaging import EngineInfo, StockVoiceInfo
from shared.pipeline import Stage
from tests.services.cloner.conftest import CountingEngine
from tests.services.gateway.editing.conftest import Studio, dub_all, open_studio

MALE = {"kind": "stock", "id": "espeak-male-2"}


def audition(studio: Studio, **wanted: object) -> dict[str, str]:
    """Ask for it, let the workers work, and read it."""
    path = "/languages/es/auditions"
    begun = studio.call("POST", path, 202, **wanted)
    studio.work()
    found: dict[str, str] = studio.call("GET", f"{path}/{begun['audition_id']}")
    return found | {"begun": begun["state"]}


def test_a_line_is_heard_in_another_voice_and_choosing_it_speaks_nothing_again(sqlite_url: str, tmp_path: Path) -> None:
    """Heard twice it is made once; the line, its takes and its language stay as they are."""
    engine = CountingEngine(find_espeak() or pytest.skip("espeak-ng is not installed"))
    studio = open_studio(sqlite_url, tmp_path)
    studio.clone = clone_lines(Dubbing([engine]))
    dub_all(studio)
    before = (studio.lines("es"), studio.call("GET", "/languages/es/lines/s0001/takes"), studio.status("es"))
    engine.asked.clear()
    heard = audition(studio, voice=MALE, segment_id="s0001")
    assert (heard["begun"], heard["state"]) == ("waiting", "ready")
    audio = studio.http.get(heard["url"])
    assert (audio.status_code, audio.content[:4], len(engine.asked)) == (200, b"fLaC", 1)
    assert audition(studio, voice=MALE, segment_id="s0001")["begun"] == "ready"
    assert before == (
        studio.lines("es"),
        studio.call("GET", "/languages/es/lines/s0001/takes"),
        studio.status("es"),
    )
    studio.call("PATCH", "/languages/es/lines/s0001", voice=MALE)
    studio.call("POST", "/languages/es/lines/s0001/dub", 202)
    studio.work()
    assert (len(engine.asked), studio.line("es", "s0001")["state"]) == (1, "dubbed")


def test_a_voice_says_a_sentence_of_the_language(sqlite_url: str, tmp_path: Path) -> None:
    """Without a line; every voice another sound, and one that cannot say it is told and may be asked again."""
    engine = CountingEngine(find_espeak() or pytest.skip("espeak-ng is not installed"))
    studio = open_studio(sqlite_url, tmp_path)
    studio.clone = clone_lines(Dubbing([engine]))
    dub_all(studio)
    engine.asked.clear()
    one, other = audition(studio, voice=MALE), audition(studio, voice={"kind": "speaker", "id": "spk_1"})
    assert {speech.text for speech in engine.asked} == {"¡Hola! Así suena mi voz. ¿Empezamos?"}
    assert one["audition_id"] != other["audition_id"]
    gone = {"kind": "stock", "id": "nobody"}  # no engine announced its voices here, so none is refused
    assert [audition(studio, voice=gone)["state"] for _ in range(2)] == ["failed", "failed"]
    assert studio.http.get(f"{studio.base}/languages/es/auditions/try_{'0' * 32}").status_code == 404
    assert studio.status("es") == "completed"


def test_one_voice_for_everybody_is_one_edit(small_studio: Studio) -> None:
    """Lines with a voice of their own follow, and one undo takes all of it back."""
    studio = small_studio
    studio.call("PATCH", "/languages/es/lines/s0001", voice={"kind": "speaker", "id": "spk_1"})
    before = studio.state()
    speakers = studio.call("PATCH", "/speakers", voice={"kind": "speaker", "id": "spk_2"})
    assert [one["voice"] for one in speakers] == [{"kind": "speaker", "id": "spk_2"}, None]
    assert studio.line("es", "s0001")["voice"] is None
    studio.call("POST", "/undo")
    assert studio.state() == before


def test_a_voice_speaks_its_own_languages() -> None:
    """An engine of two languages has voices for one of them; what an older worker announces is not judged."""
    engine = EngineInfo(
        stage=Stage.CLONING,
        port="voice",
        name="e",
        version="1",
        licence="MIT",
        commercial_use=True,
        languages=("es", "fr"),
        voices=("dora", "siwis", "anyone"),
        stock=(StockVoiceInfo(name="dora", languages=("es",)), StockVoiceInfo(name="siwis", languages=("fr",))),
    )
    assert [voice.name for _, voice in stock_voices([engine], "es")] == ["dora", "anyone"]
    assert len(stock_voices([engine], None)) == 3


def test_a_voice_says_how_much_of_it_is_misheard(database_url: str) -> None:
    """As its engine announced it, to whoever chooses one."""
    database = Database(database_url)
    database.migrate()
    unclear = StockVoiceInfo(name="dora", misheard=0.4)
    engine = EngineInfo(
        stage=Stage.CLONING,
        port="voice",
        name="e",
        version="1",
        licence="MIT",
        commercial_use=True,
        voices=("dora", "siwis"),
        stock=(unclear,),
    )
    listed = list_voices(cast(Gateway, SimpleNamespace(database=database)), Caller(None), (engine,), None)
    assert {voice.name: voice.misheard for voice in listed} == {"dora": 0.4, "siwis": None}
    database.close()
