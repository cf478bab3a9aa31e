"""The translator is asked for another text of a line, which comes as one edit."""

from typing import Any

import pytest

from shared.messaging import EngineInfo, LinesRewritten, RewriteLines, RewrittenLine, address_of, failed
from shared.pipeline import ErrorCode, Lane, Stage
from tests.services.gateway.editing.conftest import Studio

LINE = "/languages/es/lines/s0001"


def asked(studio: Studio) -> RewriteLines:
    (job,) = studio.open_jobs()
    assert isinstance(job, RewriteLines)
    return job


def answered(studio: Studio, *texts: str) -> dict[str, Any]:
    """The translator answers with `texts`; the line as it is then."""
    job = asked(studio)
    line = RewrittenLine(segment_id="s0001", revision=job.lines[0].revision, candidates=texts)
    studio.answer(LinesRewritten(**address_of(job), lines=(line,)))
    return studio.line("es", "s0001")


def test_a_wish_comes_as_one_edit_ahead_of_all_batch_work(studio: Studio) -> None:
    """One undo takes it back; meanwhile the text stays and the line says that it waits."""
    before = studio.line("es", "s0001")
    waiting = studio.call("POST", f"{LINE}/wish", 202, wish="shorter")
    assert (waiting["text"], waiting["wish"]["state"]) == (before["text"], "waiting")
    job = asked(studio)
    (order,) = job.lines
    assert (job.lane, order.wish, order.text, order.tried) == (Lane.INTERACTIVE, "shorter", before["text"], ())
    assert order.max_chars < len(before["text"])
    after = answered(studio, "corto", "más corto")
    assert (after["text"], after["state"], after["wish"], after["origin"]) == ("corto", "stale", None, "engine")
    assert {before["text"], "más corto"} <= set(after["alternatives"])
    assert studio.call("GET", "/edits")[0]["kind"] == "wish_for_line"
    studio.call("POST", "/undo")
    again = studio.line("es", "s0001")
    assert (again["text"], again["state"]) == (before["text"], "dubbed")


def test_the_same_wish_twice_is_asked_once_and_another_takes_its_place(small_studio: Studio) -> None:
    """A double click, and a change of mind."""
    studio = small_studio
    for _ in range(2):
        studio.call("POST", f"{LINE}/wish", 202, wish="shorter")
    first = asked(studio)
    studio.call("POST", f"{LINE}/wish", 202, wish="longer")
    second = asked(studio)
    assert (first.attempt, second.attempt, second.lines[0].wish) == (1, 2, "longer")
    late = RewrittenLine(segment_id="s0001", revision=first.lines[0].revision, candidates=("corto",))
    studio.answer(LinesRewritten(**address_of(first), lines=(late,)))
    assert studio.line("es", "s0001")["wish"]["wish"] == "longer"
    assert answered(studio, "mucho más largo")["text"] == "mucho más largo"


def test_a_text_that_was_typed_meanwhile_stays(small_studio: Studio) -> None:
    """And the line waits no longer."""
    small_studio.call("POST", f"{LINE}/wish", 202, wish="other")
    small_studio.call("PATCH", LINE, text="escrito")
    after = answered(small_studio, "otro")
    assert (after["text"], after["wish"]) == ("escrito", None)


def test_what_fails_says_why_and_can_be_asked_again(small_studio: Studio) -> None:
    """The line keeps its text and its take."""
    before = small_studio.line("es", "s0001")
    small_studio.call("POST", f"{LINE}/wish", 202, wish="other")
    small_studio.answer(failed(asked(small_studio), ErrorCode.ENGINE_UNAVAILABLE, "it does not answer"))
    after = small_studio.line("es", "s0001")
    assert (after["text"], after["state"]) == (before["text"], "dubbed")
    assert (after["wish"]["state"], after["wish"]["code"]) == ("failed", "engine_unavailable")
    assert after["wish"]["message"] == "it does not answer"
    small_studio.call("POST", f"{LINE}/wish", 202, wish="other")
    assert answered(small_studio)["wish"]["state"] == "nothing"


@pytest.mark.parametrize("everything", [True, False])
def test_a_wish_that_is_canceled_waits_no_longer(small_studio: Studio, everything: bool) -> None:
    """With its task, or by itself."""
    small_studio.call("POST", f"{LINE}/wish", 202, wish="other")
    if everything:
        small_studio.call("POST", "/cancel", 202)
    else:
        (job,) = small_studio.call("GET", "/jobs?status=pending")
        small_studio.call("POST", f"/jobs/{job['id']}/cancel", 202)
    assert small_studio.line("es", "s0001")["wish"] is None


def translator(**fields: Any) -> EngineInfo:
    return EngineInfo(
        stage=Stage.TRANSLATION,
        port="translator",
        name="stub-translator",
        version="1",
        licence="MIT",
        commercial_use=True,
        **fields,
    )


def test_a_translator_is_asked_for_what_it_can_do(small_studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that only translates has no other texts: its own can be shortened; one that rewrites has all three."""
    gateway = small_studio.http.app.state.gateway  # type: ignore[attr-defined]
    for engine, known in (
        (translator(), ["shorter"]),
        (translator(rewrites=True), ["shorter", "longer", "other"]),
        (translator().model_copy(update={"name": "another"}), []),
    ):
        monkeypatch.setattr(gateway.capabilities, "_engines", (engine,))
        assert small_studio.call("GET", "/languages/es/wishes")["wishes"] == known
        for wish in ("shorter", "longer"):
            small_studio.call("POST", f"{LINE}/wish", 202 if wish in known else 409, wish=wish)
