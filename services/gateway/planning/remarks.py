"""What was repaired, merged or left out of the subtitle files of a task, kept with its configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.planning.alignment import Matched
from shared.pipeline import BASE
from shared.transcript import Remark, RemarkKind, Remarks, Timing

_KEY = "subtitle_remarks"
_TIMING = "subtitle_timing"
_OTHER = RemarkKind.READS_LIKE
_OF_A_MATCH = (RemarkKind.MATCHED_NOTHING, RemarkKind.LINES_WITHOUT)


def with_remarks(config: Mapping[str, Any], language: str, remarks: Sequence[Remark]) -> dict[str, Any]:
    """A stored configuration with the `remarks` on the file in `language` (`base`: the source text)."""
    kept = {**config.get(_KEY, {}), language: [remark.model_dump(mode="json") for remark in remarks]}
    return {**config, _KEY: {code: found for code, found in kept.items() if found}}


def remarks_of(config: Mapping[str, Any]) -> dict[str, list[Remark]]:
    """The remarks of a stored configuration, by language."""
    return {
        code: [Remark.model_validate(remark) for remark in remarks] for code, remarks in config.get(_KEY, {}).items()
    }


def with_match(config: Mapping[str, Any], language: str, matched: Matched) -> dict[str, Any]:
    """A stored configuration that tells also which cues of the translation into `language` matched no line."""
    found = Remarks()
    for cue in matched.unmatched:
        found.add(RemarkKind.MATCHED_NOTHING, cue.row)
    for _ in matched.without:
        found.add(RemarkKind.LINES_WITHOUT)
    before = [remark for remark in remarks_of(config).get(language, []) if remark.kind not in _OF_A_MATCH]
    return with_remarks(config, language, [*before, *found.all()])


def reads_like(config: Mapping[str, Any], language: str) -> str:
    """What is said of the source subtitles, or of the translation into `language`, that are in another language."""
    remarks = remarks_of(config)
    files = (("the source subtitles", BASE), (f"the translation '{language}'", language))
    found = [f"{file}: {one.text}" for file, code in files for one in remarks.get(code, []) if one.kind == _OTHER]
    return "; ".join(found)


def with_timing(config: Mapping[str, Any], timing: Timing | None) -> dict[str, Any]:
    """A stored configuration with what would put the source subtitles over the speech, or without."""
    rest = {name: value for name, value in config.items() if name != _TIMING}
    return rest if timing is None else {**rest, _TIMING: timing.model_dump(mode="json")}


def timing_of(config: Mapping[str, Any]) -> Timing | None:
    """What would put the source subtitles over the speech; None where they are there."""
    return Timing.model_validate(config[_TIMING]) if config.get(_TIMING) else None
