"""What was repaired, merged or left out of the subtitle files of a task, kept with its configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.transcript import Remark

_KEY = "subtitle_remarks"


def with_remarks(config: Mapping[str, Any], language: str, remarks: Sequence[Remark]) -> dict[str, Any]:
    """A stored configuration with the `remarks` on the file in `language` (`base`: the source text)."""
    kept = {**config.get(_KEY, {}), language: [remark.model_dump(mode="json") for remark in remarks]}
    return {**config, _KEY: {code: found for code, found in kept.items() if found}}


def remarks_of(config: Mapping[str, Any]) -> dict[str, list[Remark]]:
    """The remarks of a stored configuration, by language."""
    return {
        code: [Remark.model_validate(remark) for remark in remarks] for code, remarks in config.get(_KEY, {}).items()
    }
