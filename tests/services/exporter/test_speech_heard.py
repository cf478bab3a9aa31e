"""When speech is heard in the original, as the transcript says it."""

from pathlib import Path

from services.exporter.export import speech_heard, transcript_of
from services.exporter.spans import Span
from shared.messaging import JobContext
from shared.storage import DirectoryStore, put_bytes
from shared.transcript import MediaFacts, Transcript


def test_speech_is_read_from_the_transcript(tmp_path: Path) -> None:
    """One of before, a lost one and a damaged one say nothing, and the figure is compared with the lines instead."""
    context = JobContext(DirectoryStore(tmp_path / "store"), tmp_path)
    facts = MediaFacts(container="mov", duration_s=9)
    told = Transcript(source_language="en", media=facts, speech=((0.5, 2.0), (3.0, 4.0)))
    put_bytes(context.store, "tasks/t/processed/told.json", told.model_dump_json().encode())
    put_bytes(context.store, "tasks/t/processed/damaged.json", b"{")
    silent = told.model_copy(update={"speech": None})
    put_bytes(context.store, "tasks/t/processed/silent.json", silent.model_dump_json().encode())
    paths = {name: f"tasks/t/processed/{name}.json" for name in ("told", "silent", "lost")}
    found = {name: speech_heard(transcript_of(path, context)) for name, path in paths.items()}
    assert found == {"told": (Span(0.5, 2.0), Span(3.0, 4.0)), "silent": None, "lost": None}
    assert speech_heard(transcript_of("tasks/t/processed/damaged.json", context)) is None
    assert speech_heard(transcript_of(None, context)) is None
