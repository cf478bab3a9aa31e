"""The database counts exactly the lines that the review list calls issues."""

from itertools import product

from services.gateway.db.engine import Database
from services.gateway.db.tables import LineRow, SegmentRow
from services.gateway.pipeline import rows as pipeline_rows
from services.gateway.pipeline.review import MISHEARD, is_issue, reasons
from shared.pipeline import LineState

RATES = (None, MISHEARD - 0.01, MISHEARD)
FITS = (None, "natural", "tight", "overflow")
YES_NO = (False, True)


def test_issues_are_counted_as_they_are_listed(database_url: str) -> None:
    """For every state, fit and figure a line can have, on both databases."""
    database = Database(database_url)
    database.migrate()
    combinations = product(LineState, FITS, RATES, *[YES_NO] * 4)
    expected = {}
    with database.write() as session:
        for number, (state, fit, rate, omitted, pinned, changed, has_take) in enumerate(combinations):
            task_id = f"task_{number}"
            segment = SegmentRow(
                task_id=task_id, segment_id="s1", start_s=0, end_s=1, speaker_id="a", text="", revision=1 + changed
            )
            line = LineRow(
                task_id=task_id,
                language="es",
                segment_id="s1",
                state=state,
                fit=fit,
                error_rate=rate,
                omitted=omitted,
                pinned=pinned,
                take_key="take" if has_take else None,
            )
            session.add_all([segment, line])
            if is_issue(reasons(line, source_changed=changed, sureness=0.1)):
                expected[task_id, "es"] = 1
    with database.read() as session:
        counted = pipeline_rows.issue_counts(
            session, [f"task_{number}" for number in range(len(LineState) * 4 * 3 * 16)]
        )
    database.close()
    assert len(expected) > 100
    assert counted == expected
