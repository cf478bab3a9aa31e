"""Server-sent events are read whatever way the network cuts them."""

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from localclip_client import ServerEvent
from localclip_client.events import read_events

STREAM = (
    b"retry: 1000\n\n"
    b'id: 7\nevent: hello\ndata: {"task": {"task_id": "t"}}\n\n'
    b"event: heartbeat\r\ndata: {}\r\n\r\n"
    b": a comment\r\r"
    + 'id: 8\nevent: translation.completed\ndata: {"text": "a\u2028b"}\n\n'.encode()
    + b'event: progress\ndata: {"progress":\ndata: 50}\n\n'
    b"event: progress\ndata: not json\n\n"
    b'event: cut off\ndata: {"lost": true}\n'
)
EVENTS = [
    ServerEvent("hello", {"task": {"task_id": "t"}}, "7"),
    ServerEvent("heartbeat", {}),
    ServerEvent("translation.completed", {"text": "a\u2028b"}, "8"),
    ServerEvent("progress", {"progress": 50}),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_where_chunks_end(cuts: list[int]) -> None:
    """Any cut, also inside a character or between CR and LF, yields the same events."""
    bounds = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in itertools.pairwise(bounds)]
    assert list(read_events(chunks)) == EVENTS


@given(st.dictionaries(st.text(), st.text()))
def test_any_json_object_survives(data: dict[str, str]) -> None:
    """What a gateway encodes on one line is read back, line separators of Unicode included."""
    body = b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"
    assert [event.data for event in read_events([body])] == [data]


def test_facts_are_told_from_frames() -> None:
    """Facts have a subject and a name; progress, hello and heartbeats have not."""
    assert [event.is_fact for event in EVENTS] == [False, False, True, False]
