"""Captions that are not spoken as they were written: seen on the line, and taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.messaging import DiarizeVideo, JobContext, Timeline, TranscriptReady
from shared.pipeline import Stage
from shared.storage import keys, put_bytes, read_bytes
from shared.transcript import Decision, Segment, Transcript
from tests.services.gateway import stub_workers
from tests.services.gateway.editing.conftest import Studio, dub_all, open_studio

SEGMENTS = (
    Segment(
        id="s0000",
        start_s=0,
        end_s=2,
        speaker_id="spk_1",
        text="good day",
        written="ANNA: good day",
        decisions=(Decision.LABEL,),
    ),
    Segment(
        id="s0001",
        start_s=1,
        end_s=4,
        speaker_id="spk_1",
        text="HOTEL",
        written="HOTEL",
        decisions=(Decision.SIGN,),
    ),
    Segment(id="s0002", start_s=3, end_s=4, speaker_id="spk_1", text="hello"),
    Segment(
        id="s0003",
        start_s=5,
        end_s=6,
        speaker_id="spk_1",
        text="(laughs)",
        written="(laughs)",
        decisions=(Decision.SOUND,),
    ),
)


def diarize(job: DiarizeVideo, context: JobContext) -> TranscriptReady:
    """A transcript of captions."""
    found = first_diarize(job, context)
    transcript = Transcript.model_validate_json(read_bytes(context.store, found.transcript_key))
    changed = transcript.model_copy(update={"segments": SEGMENTS})
    put_bytes(context.store, found.transcript_key, changed.model_dump_json().encode())
    return found


first_diarize = stub_workers.diarize


@pytest.fixture
def captioned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A task of captions, dubbed."""
    monkeypatch.setattr(stub_workers, "diarize", diarize)
    studio = open_studio(f"sqlite:///{tmp_path}/localclip.db", tmp_path)
    yield dub_all(studio)
    studio.database.close()


def test_what_nobody_says_is_omitted(captioned: Studio) -> None:
    """It has no take and is no issue; the line says what it was taken for."""
    lines = captioned.lines("es")
    assert {key: (line["state"], line["decisions"]) for key, line in lines.items()} == {
        "s0000": ("dubbed", ["label"]),
        "s0001": ("omitted", ["sign"]),
        "s0002": ("dubbed", []),
        "s0003": ("omitted", ["sound"]),
    }
    task = captioned.call("GET", "")
    assert (task["language_status"]["es"]["status"], task["language_status"]["es"]["issues"]) == ("completed", 0)
    assert captioned.segments()["s0000"]["written"] == "ANNA: good day"


def test_a_sign_takes_no_time_from_what_is_said(captioned: Studio) -> None:
    """Lines of the same speaker beside it keep their slots, and the export knows why it is silent."""
    document = read_bytes(captioned.store, keys.document(captioned.task_id, "es", Stage.EXPORT, "0", 1))
    timeline = Timeline.model_validate_json(document)
    assert [(line.segment_id, line.start_s, line.end_s, line.omitted) for line in timeline.lines] == [
        ("s0000", 0, 2, None),
        ("s0001", 1, 4, Decision.SIGN),
        ("s0002", 3, 4, None),
        ("s0003", 5, 6, Decision.SOUND),
    ]


def test_a_decision_is_taken_back_for_a_line(captioned: Studio) -> None:
    """In all languages; one undo makes it again."""
    before = captioned.state()
    assert captioned.call("POST", "/segments/s0003/as-written")["decisions"] == []
    assert (captioned.line("es", "s0003")["state"], captioned.line("fr", "s0003")["omitted"]) == ("translated", False)
    segment = captioned.call("POST", "/segments/s0000/as-written")
    assert (segment["text"], segment["written"], segment["decisions"]) == ("ANNA: good day", None, [])
    assert captioned.line("es", "s0000")["source_changed"]
    assert captioned.status("es") == "stale"
    captioned.call("POST", "/undo")
    captioned.call("POST", "/undo")
    assert captioned.state() == before


def test_decisions_of_a_kind_are_taken_back_for_the_task(captioned: Studio) -> None:
    """And all of them; nothing is left to take back then."""
    found = captioned.call("POST", "/segments/as-written", decisions=["label", "sign"])["segments"]
    assert [one["segment_id"] for one in found] == ["s0000", "s0001"]
    assert [one["segment_id"] for one in captioned.call("POST", "/segments/as-written")["segments"]] == ["s0003"]
    assert captioned.call("POST", "/segments/as-written")["segments"] == []
    assert all(not line["omitted"] for line in captioned.lines("es").values())
    captioned.call("POST", "/languages/es/dub", 202, only_stale=True)
    captioned.work()
    assert {line["state"] for line in captioned.lines("es").values()} == {"dubbed"}


def test_one_language_may_say_it(captioned: Studio) -> None:
    """The others go on omitting it."""
    captioned.call("PATCH", "/languages/es/lines/s0003", omitted=False)
    assert captioned.line("es", "s0003")["state"] == "translated"
    assert captioned.line("fr", "s0003")["state"] == "omitted"


def test_a_task_may_want_captions_as_they_stand(captioned: Studio) -> None:
    """The next run of the base stage is told."""
    captioned.call("PATCH", "", captions="as_written")
    captioned.call("POST", "/languages/es/process", 202, stage="speaker_diarization")
    (job,) = captioned.open_jobs()
    assert isinstance(job, DiarizeVideo)
    assert job.captions == "as_written"


BROUGHT = """1
00:00:00,000 --> 00:00:02,000
ANNA: Buenos días.

2
00:00:02,900 --> 00:00:04,000
Hola.

3
00:00:05,000 --> 00:00:06,000
(risas)
"""


def test_a_translation_that_is_brought_is_understood_too(captioned: Studio) -> None:
    """Its label is not said, and a sign over a line takes nothing of its text."""
    captioned.http.put(f"{captioned.base}/languages/es/subtitles", content=BROUGHT).raise_for_status()
    texts = {key: line["text"] for key, line in captioned.lines("es").items()}
    assert (texts["s0000"], texts["s0002"], texts["s0003"]) == ("Buenos días.", "Hola.", "(risas)")
    assert "Hola" not in texts["s0001"]
    captioned.call("PATCH", "", captions="as_written")
    captioned.http.put(f"{captioned.base}/languages/es/subtitles", content=BROUGHT).raise_for_status()
    assert captioned.line("es", "s0000")["text"] == "ANNA: Buenos días."
