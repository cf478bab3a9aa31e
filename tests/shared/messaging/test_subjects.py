"""The addresses on the broker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging import Job, JobSubject, jobs_of, subjects
from shared.pipeline import Lane, Stage

tokens = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
job_subjects = st.builds(
    JobSubject,
    stage=st.sampled_from(Stage),
    lane=st.sampled_from(Lane),
    task_id=tokens,
    language=tokens,
    shard=tokens,
    attempt=st.integers(1, 10_000),
)


@given(job_subjects)
def test_round_trip(subject: JobSubject) -> None:
    """A subject reads back as what it was built from."""
    assert JobSubject.parse(str(subject)) == subject


@given(job_subjects, job_subjects)
def test_different_jobs_have_different_addresses(one: JobSubject, other: JobSubject) -> None:
    """At most one message is open per subject, so two jobs never share one."""
    assert (str(one) == str(other)) == (one == other)


@given(job_subjects)
def test_each_job_belongs_to_one_consumer(subject: JobSubject) -> None:
    """Filters of a work queue must not overlap."""
    filters = [subjects.job_filter(stage, lane).removesuffix(">") for stage in Stage for lane in Lane]
    matching = [prefix for prefix in filters if str(subject).startswith(prefix)]
    assert matching == [subjects.job_filter(subject.stage, subject.lane).removesuffix(">")]


@given(st.text(max_size=30))
def test_unsafe_tokens_are_refused(text: str) -> None:
    """Nothing that would split a subject, or match others, gets into one."""
    safe = bool(text) and all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in text)
    for build in (
        lambda: subjects.raw_progress(text, "es", Stage.EXPORT),
        lambda: subjects.event(text, "es", "export", "completed"),
        lambda: subjects.cancel_key(text),
        lambda: subjects.cancel_key("task", text),
        lambda: str(JobSubject(Stage.EXPORT, Lane.BATCH, "task", text, "0", 1)),
    ):
        if safe:
            assert text in build()
        else:
            with pytest.raises(ValueError, match="token"):
                build()


@given(st.text(max_size=60))
def test_other_subjects_are_no_jobs(text: str) -> None:
    """Reading a foreign subject is an error of one kind."""
    for subject in (text, f"localclip.jobs.{text}", f"localclip.jobs.export.batch.task.es.0.{text}"):
        try:
            parsed = JobSubject.parse(subject)
        except ValueError:
            continue
        assert len(subject.split(".")) == 8
        assert parsed.stage in Stage


def test_every_stage_has_its_jobs() -> None:
    """No stage is without work, and no kind of job belongs to two stages."""
    kinds = [kind for stage in Stage for kind in jobs_of(stage)]
    assert all(jobs_of(stage) for stage in Stage)
    assert len(set(kinds)) == len(kinds)
    assert all(issubclass(kind, Job) for kind in kinds)
