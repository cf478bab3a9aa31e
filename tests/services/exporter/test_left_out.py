"""A separator that cannot be loaded does not take the exporter with it."""

from services.exporter.app import _separator
from services.exporter.settings import SeparatorSettings


def test_the_original_is_ducked_and_the_separator_told() -> None:
    """With the reason, in what the worker announces."""
    separator, left_out = _separator(SeparatorSettings(separator="parrot"))
    assert separator is None
    assert [(one.port, one.name) for one in left_out] == [("separator", "parrot")]
    assert "there is no separator 'parrot'" in left_out[0].problem
    assert _separator(SeparatorSettings(separator="none")) == (None, ())
