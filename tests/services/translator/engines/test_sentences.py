"""Cutting what is too long for a model."""

import pytest

from services.translator.engines._sentences import split_text


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("Short.", 10, ["Short."]),
        ("One is here. Two is there. Three.", 20, ["One is here.", "Two is there. Three."]),
        ("“One is here.” Two is there.", 20, ["“One is here.”", "Two is there."]),
        ("first of all, the second", 15, ["first of all,", "the second"]),
        ("no marks at all here", 12, ["no marks", "at all here"]),
        ("unbreakable", 6, ["unbre", "akable"]),
        ("一二三。四五六。", 5, ["一二三。", "四五六。"]),
        ("3.14 or so, or 2.71", 12, ["3.14 or so,", "or 2.71"]),
    ],
)
def test_it_is_cut_where_it_hurts_least(text: str, limit: int, parts: list[str]) -> None:
    """At sentences, else at clauses, else at words, else anywhere; every part fits."""
    assert split_text(text, lambda part: len(part) <= limit) == parts
