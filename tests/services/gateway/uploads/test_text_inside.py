"""Languages that no recognizer understands are let in where the video may have subtitles inside."""

import pytest

from services.gateway.pipeline.possible import may_have_text, refuse_unless_possible
from services.gateway.web.problems import Problem
from shared.messaging import EngineInfo
from shared.pipeline import Stage
from shared.storage import DirectoryStore, put_bytes

ENGINES = [
    EngineInfo(
        stage=Stage.DIARIZATION,
        port="recognizer",
        name="ears",
        version="1",
        licence="MIT",
        commercial_use=True,
        languages=("en",),
    )
]


def test_a_video_with_text_inside_is_let_in():
    """Its first stage decides; one without is refused at the door as ever."""
    asked = {"subtitles": False, "translation": True}
    with pytest.raises(Problem) as refused:
        refuse_unless_possible(ENGINES, "ko", "es", **asked, inside=lambda: False)
    assert (refused.value.status, refused.value.code) == (422, "language_unsupported")
    refuse_unless_possible(ENGINES, "ko", "es", **asked, inside=lambda: True)
    refuse_unless_possible(ENGINES, "en", "es", **asked, inside=lambda: 1 / 0)  # not asked where it does not matter


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x1aE\xdf\xa3" + b"S_TEXT/UTF8" + bytes(2_000_000), True),
        (b"\x00\x00\x00\x20ftypisom" + bytes(2_000_000) + b"tx3g" + bytes(100), True),
        (b"\x00\x00\x00\x20ftypisom" + bytes(2_000_000), False),
        (b"", False),
    ],
    ids=["matroska", "mp4, index at the end", "none", "empty"],
)
def test_where_text_is_looked_for(tmp_path, content, expected):
    """At the beginning and at the end, however large the video is."""
    store = DirectoryStore(tmp_path)
    put_bytes(store, "tasks/a/input/a.mkv", content)
    assert may_have_text(store, "tasks/a/input/a.mkv", len(content)) is expected
