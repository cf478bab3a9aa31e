"""Manifests, outcomes and names, without a gateway."""

from typing import Any

import pytest

from services.gateway.batches.manifest import Planned, Planner
from services.gateway.batches.outcomes import eta_s, is_over, progress
from services.gateway.batches.prefixes import Listed, rows_of
from services.gateway.exports.zips import Entry, unique
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import Problem
from shared.manifest import MOST_ROWS, MalformedManifest, read_csv
from shared.messaging import EngineInfo
from shared.pipeline import Stage

TRANSLATOR = EngineInfo(
    port="translator",
    name="x",
    version="1",
    licence="MIT",
    commercial_use=True,
    stage=Stage.TRANSLATION,
    pairs=[("en", "es")],
)


def plan(*rows: Any, engines: tuple[EngineInfo, ...] = (), **defaults: Any) -> list[Planned]:
    config = TaskConfig(target_languages=["es"], **defaults)
    return list(Planner(config, engines, GatewaySettings()).plan(rows))


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ("a.mp4", "invalid_request", ""),
        ({}, "invalid_request", "source"),
        ({"source": "a.mp4", "languages": ["xx"]}, "invalid_request", "languages.0"),
        ({"source": "a.mp4", "colour": "red"}, "invalid_request", "colour"),
        ({"source": "a.mp4", "metadata": {"a": "x" * 5000}}, "invalid_request", "metadata"),
        ({"source": "../a.mp4"}, "invalid_request", "source"),
        ({"source": "notes.txt"}, "media_unsupported", "source"),
        ({"source": "a.mp4", "subtitles": "a.srt"}, "source_language_required", "source_language"),
        ({"source": "a.mp4", "translations": {"fr": "a.fr.srt"}}, "not_a_target", "translations"),
        ({"source": "a.mp4", "stop_after": "export"}, "invalid_request", "stop_after"),
    ],
)
def test_a_row_is_refused_with_its_reason(row: Any, code: str, field: str) -> None:
    """Whatever is wrong with it, and nothing of the row after it."""
    bad, good = plan(row, {"source": "good.mp4"})
    assert [(one.code, one.field) for one in bad.read.refused] == [(code, field)]
    assert (good.read.row, good.read.refused, good.read.languages) == (2, [], ["es"])


def test_a_file_is_named_once_and_rows_say_more_than_the_batch() -> None:
    """The second row of the same name is refused; metadata of both is told, the row's own first."""
    own = {"source": "s1/a.mp4", "languages": ["fr", "fr"], "metadata": {"b": 2}, "stop_after": "translation"}
    first, second = plan(own, {"source": "s1/a.mp4"}, metadata={"a": 1, "b": 1})
    assert [one.code for one in second.read.refused] == ["source_twice"]
    assert first.config is not None
    assert (first.config.target_languages, first.config.metadata) == (["fr"], {"a": 1, "b": 2})
    assert first.config.stop_after == "translation"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"source_url": "https://example.org/s1/a%20b.mp4?x=1"}, ("a b.mp4", [])),
        ({"source_url": "https://example.org/get?id=7", "source": "s1/a.mp4"}, ("s1/a.mp4", [])),
        ({"source_url": "https://example.org/"}, ("video", [])),
        ({"source_url": "https://10.0.0.1/a.mp4"}, ("a.mp4", [("forbidden_address", "source_url")])),
        ({"source_key": "s1/a.mp4"}, ("a.mp4", [("source_not_configured", "source_key")])),
        ({"source_page": "https://a.b/watch?v=1#x"}, ("a.b/watch?v=1", [("pages_not_fetched", "source_page")])),
        ({"source_url": "https://a.b/c", "source_key": "c"}, ("c", [("invalid_request", "source_url")])),
        (
            {"source_url": "https://a.b/c.mp4", "translations": {"es": "c.es.srt"}},
            ("c.mp4", [("subtitles_not_fetched", "translations")]),
        ),
        ({"source_url": "https://a.b/c.mp4", "translations": {"es": "https://d.e/c.srt"}}, ("c.mp4", [])),
        (
            {"source_url": "https://a.b/c.mp4", "translations": {"es": "https://10.0.0.1/c.srt"}},
            ("c.mp4", [("forbidden_address", "translations")]),
        ),
        (
            {"source_url": "https://a.b/c.mp4", "translations": {"es": "s3:c.es.srt"}},
            ("c.mp4", [("source_not_configured", "translations")]),
        ),
        ({}, ("", [("invalid_request", "source")])),
    ],
)
def test_a_row_names_where_it_is_fetched_from(row: Any, expected: Any) -> None:
    """It is called as its address ends, and what may not be reached is its own reason."""
    (planned,) = plan(row)
    found = [(one.code, one.field) for one in planned.read.refused]
    assert (planned.read.source, found) == expected
    assert (planned.address is not None) == (not found or found[0][1] == "translations")


def test_subtitles_are_not_fetched_with_a_video_that_is_sent() -> None:
    """Nobody would know when they have come; the reason says so."""
    (planned,) = plan({"source": "a.mp4", "translations": {"es": "https://a.b/a.es.srt"}})
    assert [one.code for one in planned.read.refused] == ["subtitles_not_fetched"]


def test_what_lies_below_a_prefix_is_a_manifest() -> None:
    """Called as below it, subtitles beside it by their names; what is too large, or open, is refused of its row."""
    names = ["a/talk.mp4", "a/talk.en.srt", "a/talk.es.srt", "a/notes.txt", "talk.mp4", "b.mkv", "b.fr.srt", "b.ja.vtt"]
    listed = Listed("in/", {f"in/{name}": 10 for name in names} | {"in/big.mp4": 99, "in/big.en.srt": 6_000_000})
    found = rows_of(listed, ["es"], None, ["talk.mp4"], 50)
    assert found.rows == [
        {
            "source": "a/talk.mp4",
            "source_key": "in/a/talk.mp4",
            "subtitles": "s3:in/a/talk.en.srt",
            "source_language": "en",
            "translations": {"es": "s3:in/a/talk.es.srt"},
        },
        {"source": "b.mkv", "source_key": "in/b.mkv"},
        {
            "source": "big.mp4",
            "source_key": "in/big.mp4",
            "subtitles": "s3:in/big.en.srt",
            "source_language": "en",
        },
    ]
    codes = {number: [one.code for one in refused] for number, refused in found.refused.items() if refused}
    assert codes == {2: ["subtitles_ambiguous"], 3: ["video_too_large", "subtitles_too_large"]}
    for sizes, without, code in [
        ({"in/a.txt": 1}, [], "prefix_empty"),
        ({"in/a.mp4": 1}, ["a.mp4"], "nothing_new"),
        ({f"in/{number}.mp4": 1 for number in range(5001)}, [], "prefix_too_large"),
    ]:
        with pytest.raises(Problem) as refused:
            rows_of(Listed("in/", sizes), ["es"], None, without, 50)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("owner", "folder"),
    [("ann", "in/ann/"), ("", "in/anonymous/"), ("a/b", "in/a%2Fb/"), ("..", "in/%2E%2E/"), ("Zoë", "in/Zoë/")],
)
def test_a_folder_for_each_account(owner: str, folder: str) -> None:
    """No name leads into the folder of another."""
    assert GatewaySettings(source_prefix="footage/in/{owner}").source_folder(owner) == folder
    assert GatewaySettings(source_prefix="footage").source_folder(owner) == ""


def test_two_rows_never_have_one_name() -> None:
    """Results would be written over each other; a row may be given another."""
    url = "https://example.org/{}/a.mp4".format
    first, second, third = plan(
        {"source_url": url(1)}, {"source_url": url(2)}, {"source_url": url(2), "source": "b.mp4"}
    )
    assert first.read.refused == []
    assert [(one.code, one.field) for one in second.read.refused] == [("source_twice", "source")]
    assert [(one.code, one.field) for one in third.read.refused] == [("source_twice", "source_url")]


def test_a_language_nobody_can_do_is_left_out() -> None:
    """Unless its translation is brought; where only subtitles inside would help, a note says so."""
    row = {"source": "a.mp4", "languages": ["es", "fr"], "source_language": "en"}
    alone, brought = plan(row, {**row, "source": "b.mp4", "translations": {"fr": "b.fr.srt"}}, engines=(TRANSLATOR,))
    assert (alone.read.languages, [one.language for one in alone.read.refused]) == (["es"], ["fr"])
    assert (brought.read.languages, brought.read.refused) == (["es", "fr"], [])


def test_a_spreadsheet_is_a_manifest() -> None:
    """Separated as spreadsheets do, with a mark before it, cells in the forms people write."""
    text = (
        "\ufeffSource;languages;translation_ja;glossary;brief;metadata.episode;stop_after\r\n"
        'talk.mp4;es, fr;talk.ja.srt;cat=gato;Be kind;7;\r\n\r\nb.mp4;ja;;;{"tone": "dry"};;translation\r\n'
    )
    assert read_csv(text.encode()) == [
        {
            "source": "talk.mp4",
            "languages": ["es", "fr"],
            "translations": {"ja": "talk.ja.srt"},
            "glossary": [{"source": "cat", "target": "gato"}],
            "brief": {"instructions": "Be kind"},
            "metadata": {"episode": "7"},
        },
        {"source": "b.mp4", "languages": ["ja"], "brief": {"tone": "dry"}, "stop_after": "translation"},
    ]


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"name\na.mp4\n", b"source,color\na,b\n", b'source\n"a'])
def test_what_is_no_manifest_is_said(data: bytes) -> None:
    """In words, without a row being read."""
    with pytest.raises(MalformedManifest):
        read_csv(data)


def test_a_manifest_has_limits() -> None:
    """As many rows as a batch may have; columns and cells are not multiplied."""
    rows = ["a.mp4\n"] * MOST_ROWS
    assert len(read_csv("".join(["source,metadata.a,metadata.b\n", *rows]).encode())) == MOST_ROWS
    with pytest.raises(MalformedManifest, match=f"at most {MOST_ROWS} rows"):
        read_csv("".join(["source\n", *rows, "b.mp4\n"]).encode())


def test_a_batch_is_over_when_nothing_is_to_come() -> None:
    """A row that waits for its file holds it open; of a canceled one what was never begun does not."""
    assert is_over({"completed": 3, "failed": 1, "deleted": 1}, canceled=False)
    for open_ in ("waiting", "pending", "processing"):
        assert not is_over({"completed": 3, open_: 1}, canceled=False)
    assert is_over({"canceled": 3, "pending": 1}, canceled=True)
    assert not is_over({"canceled": 3, "processing": 1}, canceled=True)


def test_progress_counts_stages_and_ends_with_the_last_row() -> None:
    """Half of the work is half; an end that is not told yet is 99 %; time is told from 5 % on."""
    rows = {"processing": 2}
    assert progress(rows, {"processing": 4}, {}) == 0
    half = progress(rows, {"completed": 2, "processing": 2}, {Stage.DIARIZATION: 1})
    assert half == pytest.approx(0.5)
    assert progress({"completed": 2}, {"completed": 4}, {}) == 1
    assert progress({"completed": 2, "waiting": 1}, {"completed": 4, "pending": 2}, {Stage.DIARIZATION: 2}) < 0.7
    assert eta_s(0.5, 60, rows) == 60
    assert [eta_s(0.01, 60, rows), eta_s(0.5, 60, {"waiting": 2}), eta_s(1, 60, rows)] == [None, None, None]


def test_names_in_a_zip_differ() -> None:
    """Also where only case differs, as on Windows."""
    names = ["a/t.es.mp4", "a/T.es.mp4", "b/t.es.mp4", "a/t.es.mp4"]
    found = [entry.name for entry in unique(Entry(name, "k") for name in names)]
    assert found == ["a/t.es.mp4", "a/T.es (2).mp4", "b/t.es.mp4", "a/t.es (3).mp4"]
    many = [entry.name for entry in unique(Entry("t.mp4", "k") for _ in range(20_000))]
    assert (many[0], many[-1], len(set(many))) == ("t.mp4", "t (20000).mp4", 20_000)
