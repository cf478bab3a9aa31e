"""A translator that can looks at the whole video before its first line; what it proposes can be changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.messaging import BriefProposed, GlossaryTerm, ProposeBrief, TranslateLines, failed
from shared.pipeline import ErrorCode
from tests.services.gateway import stub_workers
from tests.services.gateway.editing.conftest import Studio, open_studio
from tests.services.gateway.editing.test_kept_engines import ESPEAK, SPHINX, announce, engine
from tests.services.gateway.pipeline.test_chinese_script import begun

CHAT = engine("translator", "Chat", "m").model_copy(update={"proposes": True})
PLAIN = engine("translator", "Plain", "p")


@pytest.fixture
def studio(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """A gateway whose videos have fourteen lines."""
    monkeypatch.setattr(stub_workers, "SEGMENTS", 14)
    found = open_studio(sqlite_url, tmp_path)
    announce(found, CHAT, SPHINX, ESPEAK)
    yield found
    found.database.close()


def recognized(studio: Studio, **config: Any) -> list[Any]:
    """The jobs that a new task has once its speech is written down."""
    studio.answer(studio.do(begun(studio, target_languages=["es", "fr"], **config)))
    return studio.open_jobs()


def proposed(job: ProposeBrief, summary: str, **terms: str) -> BriefProposed:
    """What a translator answers."""
    return BriefProposed(
        **job.model_dump(include={"task_id", "language", "shard", "attempt"}),
        stage=job.stage(),
        summary=summary,
        terms=tuple(GlossaryTerm(source=source, target=target) for source, target in terms.items()),
        engines=(CHAT.used(),),
    )


def test_lines_are_translated_with_what_was_proposed(studio: Studio) -> None:
    """Once for each language, the summary of the first for all; a person's terms go before."""
    spanish, french = recognized(studio, glossary=[{"source": "7", "target": "siete"}])
    assert (type(spanish), spanish.language, spanish.shard, len(spanish.lines)) == (ProposeBrief, "es", "brief", 14)
    assert (spanish.summary, spanish.known, spanish.kept.engine) == ("", ("7",), "Chat")
    studio.answer(proposed(spanish, "Somebody counts.", line="raya", **{"7": "seven"}))
    studio.answer(proposed(spanish, "Twice at once.", number="cifra"))
    studio.answer(proposed(french, "Another summary.", line="trait"))
    brief = studio.call("GET", "")["config"]["brief"]
    assert (brief["summary"], brief["summary_proposed"]) == ("Somebody counts.", True)
    assert brief["languages"]["es"]["terms"] == [{"source": "line", "target": "raya", "proposed": True}]
    work = [job for job in studio.open_jobs() if isinstance(job, TranslateLines)]
    assert {job.language for job in work} == {"es", "fr"}
    first = next(job for job in work if job.language == "es")
    assert first.brief is not None
    assert first.brief.summary == "Somebody counts."
    assert {(term.source, term.target) for term in first.glossary} == {("line", "raya"), ("7", "siete")}
    studio.work()
    assert studio.status("es") == "completed"
    studio.call("POST", "/languages/es/process", 202, stage="translation")
    assert {type(job) for job in studio.open_jobs()} == {TranslateLines}


def test_a_proposal_that_fails_holds_up_nothing(studio: Studio) -> None:
    """However the job ends."""
    for job in recognized(studio):
        studio.answer(failed(job, ErrorCode.ENGINE_FAILED, "no"))
    studio.work()
    assert (studio.status("es"), studio.status("fr")) == ("completed", "completed")
    assert studio.call("GET", "")["config"]["brief"]["summary"] == ""


def test_what_a_person_wrote_stays(studio: Studio) -> None:
    """What was known is told with the question; a person's change makes a proposal theirs."""
    spanish, _ = recognized(studio, brief={"summary": "Mine.", "languages": {"es": {"address": "formal"}}})
    assert spanish.summary == "Mine."
    studio.answer(proposed(spanish, "Not mine.", line="raya"))
    brief = studio.call("GET", "")["config"]["brief"]
    assert (brief["summary"], brief["summary_proposed"]) == ("Mine.", False)
    assert brief["languages"]["es"]["address"] == "formal"
    brief["languages"]["es"]["terms"] = [{"source": "line", "target": "línea"}]
    changed = studio.call("PATCH", "", brief=brief)["config"]["brief"]
    assert changed["languages"]["es"]["terms"] == [{"source": "line", "target": "línea", "proposed": False}]


@pytest.mark.parametrize(
    ("engines", "segments", "config"),
    [
        ((PLAIN, SPHINX, ESPEAK), 14, {}),
        ((PLAIN, CHAT, SPHINX, ESPEAK), 14, {}),  # the better one does not propose
        ((CHAT, SPHINX, ESPEAK), 12, {}),
        ((CHAT, SPHINX, ESPEAK), 14, {"brief": {"propose": False}}),
        ((), 14, {}),
    ],
)
def test_nobody_is_asked_in_vain(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, engines: Any, segments: int, config: Any
) -> None:
    """Where no translator can, for few lines, and where nobody wants it."""
    monkeypatch.setattr(stub_workers, "SEGMENTS", segments)
    announce(studio, *engines)
    assert {type(job) for job in recognized(studio, **config)} == {TranslateLines}
