"""What errors say of the machine: nothing."""

import pytest

from services.gateway.web.wording import without_machine, worded
from shared.messaging import JobFailed, LinesDubbed, LineTake
from shared.pipeline import ErrorCode, Stage

PLACE = {"task_id": "t", "language": "es", "stage": Stage.CLONING, "shard": "0", "attempt": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[mov,mp4,m4a @ 0x55d0c8a4e2c0] moov atom not found", "[mov,mp4,m4a] moov atom not found"),
        ("/srv/clip-abc/upload: Invalid data", "upload: Invalid data"),
        ("No such file: '/home/bo/my videos/a b.mp4'", "No such file: 'a b.mp4'"),
        ("model=/srv/models/whisper/model.bin is gone", "model=model.bin is gone"),
        (r"C:\Users\bo\x.mp4 is gone", "x.mp4 is gone"),
        ("file:///srv/data/x.mp4 is gone", "x.mp4 is gone"),
        ("<_io.BytesIO object at 0x7f00aa12> is closed", "an object is closed"),
        # what only looks like a path stays
        ("https://api.example.com/v1/models answered 401", "https://api.example.com/v1/models answered 401"),
        ("POST /api/uploads first", "POST /api/uploads first"),
        ("1/2 of 24/7 and/or <b>5 kB/s</b>", "1/2 of 24/7 and/or <b>5 kB/s</b>"),
    ],
)
def test_paths_addresses_and_objects_are_cut(text: str, expected: str) -> None:
    """The name of a file is kept: it is what a person can do something about."""
    assert without_machine(text) == expected


def test_results_are_worded_for_people() -> None:
    """What is a defect, or the store's, is said in our words; other failures keep theirs."""
    defect = JobFailed(**PLACE, code=ErrorCode.INTERNAL, message="KeyError: PosixPath('/opt/x')")
    assert worded(defect).message == "something unexpected went wrong; the log of the worker tells what"  # type: ignore[union-attr]
    failed = JobFailed(**PLACE, code=ErrorCode.TOOL_FAILED, message="/srv/a/b.wav: Invalid data")
    assert worded(failed).message == "b.wav: Invalid data"  # type: ignore[union-attr]
    take = LineTake(segment_id="s1", error_code=ErrorCode.ENGINE_FAILED, error_message="cannot open /m/voice.bin")
    dubbed = worded(LinesDubbed(**PLACE, lines=(take, LineTake(segment_id="s2", take_key="k"))))
    assert [line.error_message for line in dubbed.lines] == ["cannot open voice.bin", None]  # type: ignore[union-attr]
