"""When takes are heard again, and which."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.planning.listening import hear_jobs, hear_line_job, is_due
from services.gateway.planning.units import LineView, Span
from shared.messaging import SpeakerVoice
from shared.pipeline import Lane, LineState


def line(of: str, **fields: object) -> LineView:
    made = LineView(of, "hola", None, False, LineState.DUBBED, 1, take_key=f"take/{of}", speed=1.0, fit="natural")
    return LineView(**{**made.__dict__, **fields})


SPANS = [Span(f"s{n:03}", n, n + 0.9, f"spk_{n % 2}", "text") for n in range(40)]
SPEAKERS = [SpeakerVoice(speaker_id=f"spk_{n}", reference_key=f"clip/{n}") for n in range(3)]


@given(st.lists(st.tuples(st.sampled_from(["0", "1", "refit-0", "hear-0"]), st.booleans()), max_size=6))
def test_listening_begins_once_when_nothing_else_is_open(shards: list[tuple[str, bool]]) -> None:
    """Whatever kinds of jobs make the takes."""
    expected = not any(is_open for _, is_open in shards) and all(shard != "hear-0" for shard, _ in shards)
    assert is_due(shards) == expected


def test_takes_that_were_not_heard_are_cut_into_shards() -> None:
    """Those that failed, are kept as they were, or were heard before are left out; speakers come with their clips."""
    lines = {span.segment_id: line(span.segment_id) for span in SPANS}
    lines["s000"] = line("s000", state=LineState.FAILED)
    lines["s001"] = line("s001", omitted=True)
    lines["s002"] = line("s002", error_rate=0.1)
    lines["s003"] = line("s003", take_key=None, state=LineState.TRANSLATED)
    jobs = list(hear_jobs("task", "es", 2, 5, SPANS, lines, SPEAKERS))
    assert [(job.shard, len(job.lines), job.lane) for job in jobs] == [
        ("hear-0", 32, Lane.BATCH),
        ("hear-1", 4, Lane.BATCH),
    ]
    assert jobs[0].lines[0].segment_id == "s004"
    assert [who.speaker_id for who in jobs[0].speakers] == ["spk_0", "spk_1"]


def test_a_single_line_is_heard_when_it_has_a_new_take() -> None:
    """And not when dubbing it failed."""
    job = hear_line_job("task", "es", 3, 5, SPANS[7], line("s007"), SPEAKERS, Lane.INTERACTIVE)
    assert job is not None
    assert (job.shard, job.lane, job.lines[0].take_key, [who.speaker_id for who in job.speakers]) == (
        "hear-s007",
        Lane.INTERACTIVE,
        "take/s007",
        ["spk_1"],
    )
    failed = line("s007", state=LineState.FAILED)
    assert hear_line_job("task", "es", 3, 5, SPANS[7], failed, SPEAKERS, Lane.INTERACTIVE) is None
