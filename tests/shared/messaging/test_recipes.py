"""Recipes say what they mean: what makes no sense is no recipe, and `*` is written out."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging import JOB, ExportRecipe, RenderRecipe, expanded
from shared.pipeline import Stage

DUB, ORIGINAL = {"kind": "dub", "language": "*", "default": True}, {"kind": "original"}


def recipe(**fields: Any) -> ExportRecipe:
    """A recipe of these fields."""
    return ExportRecipe.model_validate(fields)


def test_a_star_becomes_every_language_and_one_default() -> None:
    """In order; other tracks keep their places."""
    found = expanded(recipe(audio=[ORIGINAL, DUB], subtitles=[{"language": "*", "default": True}]), ["es", "fr"])
    assert [(t.kind, t.language, t.default) for t in found.audio] == [
        ("original", None, False),
        ("dub", "es", True),
        ("dub", "fr", False),
    ]
    assert [(t.language, t.default) for t in found.subtitles] == [("es", True), ("fr", False)]
    assert expanded(found, ["ja"]) == found


def test_nobody_reads_the_same_twice() -> None:
    """A second language that is the first one falls away."""
    found = expanded(recipe(kind="subtitles", sidecars=[{"language": "*", "second": "es"}]), ["es", "fr"])
    assert [(t.language, t.second) for t in found.sidecars] == [("es", None), ("fr", "es")]


def test_one_language_is_burned_in() -> None:
    """`*` stands for it if there is no other."""
    burned = recipe(audio=[ORIGINAL], burn={"language": "*"})
    assert expanded(burned, ["es"]).burn == burned.burn.model_copy(update={"language": "es"}) if burned.burn else False
    for languages in ([], ["es", "fr"]):
        with pytest.raises(ValueError, match="one language"):
            expanded(burned, languages)


def test_without_a_finished_language_nothing_is_left() -> None:
    """An empty list of tracks is no video."""
    with pytest.raises(ValueError, match="needs a track"):
        expanded(recipe(audio=[DUB]), [])


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "audio"},
        {"kind": "subtitles"},
        {"kind": "subtitles", "sidecars": [{"language": "es"}], "audio": [ORIGINAL]},
        {"kind": "stems", "audio": [ORIGINAL], "audio_format": "mp3"},
        {"kind": "stems", "audio": [ORIGINAL], "subtitles": [{"language": "es"}]},
        {"audio": [{"kind": "dub"}]},
        {"audio": [{"kind": "voices", "language": "source"}]},
        {"audio": [{"kind": "original", "language": "es"}]},
        {"audio": [{"kind": "dub", "language": "es", "per_speaker": True}]},
        {"audio": [{"kind": "original", "default": True}, {"kind": "dub", "language": "es", "default": True}]},
        {"audio": [ORIGINAL], "burn": {"language": "es", "style": {"color": "red"}}},
        {"audio": [ORIGINAL], "burn": {"language": "es", "style": {"font": "A,B"}}},
        {"audio": [ORIGINAL], "loudness": -16},
        {"audio": [{"kind": "dub", "language": "../es"}]},
    ],
)
def test_what_makes_no_sense_is_no_recipe(fields: dict[str, Any]) -> None:
    """Refused before anybody works on it."""
    with pytest.raises(ValidationError):
        recipe(**fields)


def test_a_job_travels_and_comes_back() -> None:
    """Among all other jobs, as one of the export's."""
    job = RenderRecipe(
        task_id="task_20250101_000000_0a1b2c3d",
        language="base",
        shard="recipe-exp_1",
        attempt=1,
        export_id="exp_1",
        video_key="k",
        original_name="v.mp4",
        timelines_key="t",
        recipe=recipe(audio=[ORIGINAL], burn={"language": "es"}),
    )
    assert JOB.validate_json(job.model_dump_json()) == job
    assert job.stage() is Stage.EXPORT
