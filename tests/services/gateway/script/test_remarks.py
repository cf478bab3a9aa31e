"""What is kept with a task of the subtitle files it was given."""

from services.gateway.script.cues import Matched, remarks_of, timing_of, with_match, with_remarks, with_timing
from shared.transcript import Cue, RemarkKind, Remarks, Timing


def test_what_matched_nothing_is_told_beside_what_the_reader_did() -> None:
    """A later match takes the place of an earlier one."""
    read = Remarks()
    read.add(RemarkKind.NO_TEXT, 9)
    config = with_remarks({"source_language": "en"}, "es", read.all())
    credit = Cue(start_s=15, end_s=16, text="Subtítulos", row=13)
    config = with_match(config, "es", Matched({"s1": "uno"}, (credit,), ("s0", "s2")))
    assert [(one.kind, one.count, one.rows) for one in remarks_of(config)["es"]] == [
        (RemarkKind.NO_TEXT, 1, (9,)),
        (RemarkKind.MATCHED_NOTHING, 1, (13,)),
        (RemarkKind.LINES_WITHOUT, 2, ()),
    ]
    config = with_match(config, "es", Matched({"s1": "uno"}))
    assert [one.kind for one in remarks_of(config)["es"]] == [RemarkKind.NO_TEXT]


def test_the_timing_is_kept_until_the_lines_are_moved() -> None:
    """And nothing else of the configuration is touched."""
    found = Timing(shift_s=-2.5, overlap=0.1, overlap_shifted=0.9)
    config = with_timing({"source_language": "en"}, found)
    assert timing_of(config) == found
    assert with_timing(config, None) == {"source_language": "en"}
