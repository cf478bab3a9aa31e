"""Any edits in any order: refused in words or undone exactly."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.gateway.editing.conftest import Studio, dub_all, open_studio

TEXTS = st.sampled_from(["hola", "uno dos tres", " ", "你好。", "a" * 300, "\u0000x"])
TIMES = st.floats(0, 70, allow_nan=False)
MAYBE_TIMES = st.none() | TIMES
PLACES = st.integers(0, 5)
VOICES = st.none() | st.fixed_dictionaries(
    {"kind": st.sampled_from(["stock", "speaker", "clip"]), "id": st.sampled_from(["spk_1", "spk_2", "deep", "gone"])}
)
PEOPLE = st.sampled_from(["spk_1", "spk_2", "gone"])
EDITS = st.one_of(
    st.tuples(st.just("patch segment"), PLACES, st.fixed_dictionaries(
        {}, optional={"text": TEXTS, "start_s": TIMES, "end_s": TIMES, "speaker_id": PEOPLE}
    )),
    st.tuples(st.just("patch line"), PLACES, st.fixed_dictionaries({}, optional={
        "text": TEXTS, "start_s": MAYBE_TIMES, "end_s": MAYBE_TIMES, "speaker_id": st.none() | PEOPLE,
        "voice": VOICES, "omitted": st.booleans(), "pinned": st.booleans(),
    })),
    st.tuples(st.just("insert"), PLACES, st.fixed_dictionaries(
        {"text": TEXTS, "start_s": TIMES, "end_s": TIMES, "speaker_id": PEOPLE}
    )),
    st.tuples(st.just("delete"), PLACES, st.just({})),
    st.tuples(st.just("split"), PLACES, st.fixed_dictionaries(
        {"at_s": TIMES}, optional={"text_at": st.integers(1, 9), "texts": st.just({"es": ["uno", "dos"]})}
    )),
    st.tuples(st.just("merge"), PLACES, st.just({})),
    st.tuples(st.just("patch speaker"), PLACES, st.fixed_dictionaries({}, optional={"name": TEXTS, "voice": VOICES})),
    st.tuples(st.just("merge speakers"), PLACES, st.just({})),
    st.tuples(st.just("assign"), PLACES, st.just({})),
    st.tuples(st.just("choose"), PLACES, st.just({})),
    st.tuples(st.just("dub"), PLACES, st.just({})),
    st.tuples(st.just("undo"), PLACES, st.just({})),
    st.tuples(st.just("redo"), PLACES, st.just({})),
)  # fmt: skip


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One dubbed task for all examples: each undoes what it did."""
    folder = tmp_path_factory.mktemp("studio")
    studio = open_studio(f"sqlite:///{folder}/localclip.db", folder)
    yield dub_all(studio)
    studio.database.close()


def make(studio: Studio, edit: tuple[str, int, dict[str, Any]]) -> int:
    """Send one edit; return the status."""
    name, place, body = edit
    segments = list(studio.segments())
    segment = segments[place % len(segments)] if segments else "s0000"
    people = [person["speaker_id"] for person in studio.call("GET", "/speakers")]
    line = f"/languages/es/lines/{segment}"
    match name:
        case "choose":
            takes = studio.http.get(f"{studio.base}{line}/takes").json()
            take = takes[place % len(takes)]["take_id"] if takes and segments else "none"
            method, path, body = "POST", f"{line}/takes/{take}/choose", {}
        case "merge":
            method, path, body = "POST", "/segments/merge", {"segment_ids": segments[place : place + 2]}
        case "merge speakers":
            method, path, body = "POST", "/speakers/merge", {"from": people[1:], "into": people[0]}
        case "assign":
            method, path, body = "POST", f"/speakers/{people[place % len(people)]}/assign", {"segment_ids": [segment]}
        case _:
            method, path = {
                "patch segment": ("PATCH", f"/segments/{segment}"),
                "patch line": ("PATCH", line),
                "insert": ("POST", "/segments"),
                "delete": ("DELETE", f"/segments/{segment}"),
                "split": ("POST", f"/segments/{segment}/split"),
                "patch speaker": ("PATCH", f"/speakers/{people[place % len(people)]}"),
                "dub": ("POST", f"{line}/dub"),
                "undo": ("POST", "/undo"),
                "redo": ("POST", "/redo"),
            }[name]
    answer = studio.http.request(method, studio.base + path, json=body, headers={"If-Match": "*"})
    studio.work()
    return answer.status_code


def said(state: dict[str, Any]) -> dict[str, Any]:
    """What people decided, without what machines made of it meanwhile."""
    mine = {"text", "start_s", "end_s", "speaker_id", "voice", "omitted", "edited", "name", "words", "moved"}
    return {
        kind: {key: {name: row[name] for name in row.keys() & mine} for key, row in rows.items()}
        for kind, rows in state.items()
    }


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(edits=st.lists(EDITS, min_size=1, max_size=10))
def test_any_edits_are_refused_in_words_or_undone_exactly(lasting: Studio, edits: list[Any]) -> None:
    """Nothing is a 500; undoing all of them leads back, with every take; doing them again leads there again."""
    before = lasting.state()
    for edit in edits:
        assert make(lasting, edit) < 500
    after = said(lasting.state())
    undone = 0
    while lasting.http.post(f"{lasting.base}/undo").status_code == 200:
        undone += 1
    assert lasting.state() == before
    for _ in range(undone):
        lasting.call("POST", "/redo")
    assert said(lasting.state()) == after
    for _ in range(undone):
        lasting.call("POST", "/undo")
    assert lasting.state() == before
