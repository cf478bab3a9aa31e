"""Briefs as files."""

from pathlib import Path

import pytest

from localclip.briefs import read_brief
from localclip.errors import LocalClipError


def test_a_brief_is_written_as_toml_or_json(tmp_path: Path) -> None:
    """Both say the same; what is wrong is told with its place."""
    toml, other = tmp_path / "b.toml", tmp_path / "b.json"
    toml.write_text('tone = "warm"\n[languages.es]\naddress = "formal"\nforbidden = ["cosa"]\n')
    other.write_text('{"tone": "warm", "languages": {"es": {"address": "formal", "forbidden": ["cosa"]}}}')
    assert read_brief(toml) == read_brief(other)
    assert read_brief(toml).languages["es"].forbidden == ("cosa",)
    toml.write_text('[languages.es]\naddress = "royal"\n')
    with pytest.raises(LocalClipError, match=r"b\.toml: languages\.es\.address"):
        read_brief(toml)
    toml.write_text("tone: warm")
    with pytest.raises(LocalClipError, match="not a brief in TOML or JSON"):
        read_brief(toml)
