"""Sets of stretches of time behave like sets."""

from hypothesis import given
from hypothesis import strategies as st

from services.exporter.spans import Span, total_s, union, without

MOMENTS = st.integers(min_value=0, max_value=60)
SPANS = st.lists(st.builds(Span, MOMENTS, MOMENTS), max_size=12)


def seconds(spans: list[Span]) -> set[int]:
    """The whole seconds that spans with whole bounds cover."""
    return {second for start, end in spans for second in range(int(start), int(end))}


@given(SPANS)
def test_a_union_covers_the_same_seconds_without_overlap(spans: list[Span]) -> None:
    """Nothing is lost, nothing added, nothing covered twice."""
    merged = union(spans)
    assert seconds(merged) == seconds(spans)
    assert total_s(merged) == len(seconds(spans))
    assert merged == sorted(merged)


@given(SPANS, SPANS)
def test_a_difference_covers_what_only_the_first_covers(spans: list[Span], holes: list[Span]) -> None:
    """`without` is the difference of sets."""
    left = without(union(spans), union(holes))
    assert seconds(left) == seconds(spans) - seconds(holes)
    assert total_s(left) == len(seconds(left))
