"""When takes are heard again, and which."""

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.db.tables import LineRow
from services.gateway.pipeline.listening import budget_s, hear_jobs, hear_line_job, is_due, unheard, worth_hearing
from services.gateway.pipeline.units import Span
from shared.messaging import SpeakerVoice
from shared.pipeline import Lane, LineState


def line(of: str, **fields: object) -> LineRow:
    made = {"text": "hola", "state": LineState.DUBBED, "take_key": f"take/{of}", "speed": 1.0, "fit": "natural"}
    return LineRow(task_id="t", language="es", segment_id=of, **made | fields)


SPANS = [Span(f"s{n:03}", n, n + 0.9, f"spk_{n % 2}", "text") for n in range(40)]
SPEAKERS = [SpeakerVoice(speaker_id=f"spk_{n}", reference_key=f"clip/{n}") for n in range(3)]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6))
def test_listening_begins_once_when_nothing_else_is_open(jobs: list[tuple[bool, bool]]) -> None:
    """Whatever kinds of jobs make the takes."""
    assert is_due(jobs) == all(one == (False, False) for one in jobs)


def test_takes_that_were_not_heard_are_cut_into_shards() -> None:
    """Those that failed, are kept as they were, or were heard before are left out; speakers come with their clips."""
    lines = {span.segment_id: line(span.segment_id) for span in SPANS}
    lines["s000"] = line("s000", state=LineState.FAILED)
    lines["s001"] = line("s001", omitted=True)
    lines["s002"] = line("s002", error_rate=0.1)
    lines["s003"] = line("s003", take_key=None, state=LineState.TRANSLATED)
    todo = unheard(SPANS, lines)
    assert [span.segment_id for span in todo] == [f"s{n:03}" for n in range(4, 40)]
    jobs = list(hear_jobs("task", "es", 2, 5, todo, lines, SPEAKERS))
    assert [(job.shard, len(job.lines), job.lane, job.budget_s) for job in jobs] == [
        ("hear-all-0", 18, Lane.BATCH, None),
        ("hear-all-1", 18, Lane.BATCH, None),
    ]
    assert [who.speaker_id for who in jobs[0].speakers] == ["spk_0"]


@given(st.floats(0, 400), st.integers(1, 1200), st.integers(0, 12))
def test_the_time_for_listening_is_shared_by_few_jobs(budget: float, count: int, least: int) -> None:
    """No take is sent twice or left out, no job holds its slot for long, and all begin with what is worth most."""
    spans = [Span(f"s{n:04}", n, n + 0.9, "spk_1", "text") for n in range(count)]
    lines = {span.segment_id: line(span.segment_id) for span in spans}
    jobs = list(hear_jobs("task", "es", 1, 1, spans, lines, [], budget, least))
    sent = [one.segment_id for job in jobs for one in job.lines]
    assert sorted(sent) == [span.segment_id for span in spans]
    shares = [job.budget_s or 0.0 for job in jobs]
    assert sum(shares) <= budget + 0.01 * len(jobs)
    assert max(shares) <= 60.001 or len(jobs) == count
    assert sum(job.least for job in jobs) >= min(least, count)
    assert [job.lines[0].segment_id for job in jobs] == [span.segment_id for span in spans[: len(jobs)]]


def test_listening_costs_a_tenth_of_the_work() -> None:
    """What was listened to before counts; nothing is left once more than that was spent."""
    assert budget_s(100.0, 0.0) == 10.0
    assert budget_s(106.0, 6.0) == 4.0
    assert budget_s(120.0, 20.0) == 0.0


def test_what_is_worth_most_is_heard_first() -> None:
    """What was just made again, what is doubtful, each speaker once, and then a sample of the rest."""
    spans = [Span(f"s{n:03}", n, n + 0.9, "spk_2" if n == 13 else "spk_1", "text") for n in range(16)]
    lines = {span.segment_id: line(span.segment_id) for span in spans}
    lines["s002"] = line("s002", text="en 1984")
    lines["s005"] = line("s005", fit="tight")
    lines["s009"] = line("s009", fit="overflow")
    order = [span.segment_id for span in worth_hearing(spans, lines, {"s005"}, {"s011"})]
    assert order[:5] == ["s011", "s005", "s009", "s002", "s000"]
    assert order[5] == "s013"
    assert order[6:9] == ["s008", "s004", "s012"]
    assert sorted(order) == sorted(lines)


@given(st.integers(1, 300), st.integers(1, 300))
def test_those_heard_are_a_sample_of_the_whole(count: int, heard: int) -> None:
    """However many: no part of twice their distance is without one."""
    spans = [Span(f"s{n:04}", n, n + 0.9, "spk_1", "text") for n in range(count)]
    lines = {span.segment_id: line(span.segment_id) for span in spans}
    some = sorted(int(span.start_s) for span in worth_hearing(spans, lines, (), ())[:heard])
    steps = [after - before for before, after in zip(some, [*some[1:], count], strict=True)]
    assert max(steps) <= max(1, 4 * count / min(heard, count))


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
