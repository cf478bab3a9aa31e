"""Read a manifest row by row: what would be done with each row, what is refused, and why."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from services.gateway.batches.addresses import address_of, file_address_of, is_address
from services.gateway.batches.schemas import ManifestRow, PlannedRow, Refusal
from services.gateway.pipeline.engines import check_possible
from services.gateway.pipeline.schemas import TaskConfig
from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import Problem
from shared.media import READABLE, READABLE_SUFFIXES
from shared.messaging import EngineInfo
from shared.pipeline import PermanentError


@dataclass
class Planned:
    """A row of a manifest and the task it would become; without `config` it could not be read."""

    read: PlannedRow
    config: TaskConfig | None = None
    address: str | None = None


@dataclass
class Planner:
    """Plans rows one after the other: each file may be named once, and what engines can do is determined once for each
    pair."""

    defaults: TaskConfig
    engines: Sequence[EngineInfo]
    settings: GatewaySettings
    _known: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def plan(self, rows: Iterable[Any]) -> Iterator[Planned]:
        """Every row with what is refused about it."""
        for number, sent in enumerate(rows, 1):
            yield self._plan(number, sent)

    def _plan(self, number: int, sent: Any) -> Planned:
        try:
            row = ManifestRow.model_validate(sent)
        except (ValidationError, RecursionError) as error:
            source = str(sent.get("source", ""))[:500] if isinstance(sent, dict) else ""
            read = PlannedRow(row=number, source=source, languages=[], files={}, refused=list(_invalid(error)))
            return Planned(read)
        config = _config(self.defaults, row)
        named = {"subtitles": row.subtitles} | {f"translation_{code}": name for code, name in row.translations.items()}
        read = PlannedRow(
            row=number,
            source=row.source,
            languages=list(config.target_languages),
            files={field_: name for field_, name in named.items() if name},
            stop_after=config.stop_after,
        )
        is_fetched = any(one is not None for one in (row.source_url, row.source_key, row.source_page))
        read.refused += self._whole(number, row, config, is_fetched=is_fetched)
        address = self._address(read, row) if is_fetched else None
        if not is_fetched and any(map(is_address, read.files.values())):
            detail = "subtitles are fetched with a video that is fetched; send them with this one"
            read.refused.append(Refusal(code="subtitles_not_fetched", detail=detail, field="subtitles"))
        self._languages(read, row, config)
        return Planned(read, config.model_copy(update={"target_languages": read.languages}), address)

    def _address(self, read: PlannedRow, row: ManifestRow) -> str | None:
        """Where a row and its files are fetched from; what is not allowed is refused here, and again on connecting."""
        for name, named in read.files.items():
            pointer = "/subtitles" if name == "subtitles" else "/translations"
            try:
                read.files[name] = file_address_of(self.settings, named, pointer, beside_key=row.source_key is not None)
            except Problem as error:
                read.refused.append(_refusal(error))
        try:
            return address_of(self.settings, row.source_url, row.source_key, row.source_page)
        except Problem as error:
            read.refused.append(_refusal(error))
            return None

    def _whole(self, number: int, row: ManifestRow, config: TaskConfig, *, is_fetched: bool) -> Iterator[Refusal]:
        """What is wrong with a row whatever the language."""
        path = PurePosixPath(row.source.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or not path.name:
            yield Refusal(code="invalid_request", detail="name a file, with no '..' before it", field="source")
        elif not is_fetched and path.suffix.lower() not in READABLE_SUFFIXES:
            yield Refusal(code="media_unsupported", detail=f"not the name of a file of {READABLE}", field="source")
        for field_ in ("source_url", "source_key", "source_page", "source"):
            first = self._seen.setdefault(f"{field_} {name}" if (name := getattr(row, field_)) else "", number)
            if name and first != number:
                detail = f"row {first} names the same file" + ("; 'source' may give it another name" * is_fetched)
                yield Refusal(code="source_twice", detail=detail, field=field_)
        if not config.target_languages:
            yield Refusal(code="no_target_languages", detail="name languages", field="languages")
        if row.subtitles and config.source_language is None:
            detail = "name the language of the subtitles"
            yield Refusal(code="source_language_required", detail=detail, field="source_language")
        for code in sorted(set(row.translations) - set(config.target_languages)):
            detail = f"'{code}' is not among the target languages"
            yield Refusal(code="not_a_target", detail=detail, field="translations", language=code)
        merged = len(json.dumps(config.metadata, ensure_ascii=False).encode())
        if merged > 4096:
            detail = "with that of the batch it has more than 4096 bytes as JSON"
            yield Refusal(code="invalid_request", detail=detail, field="metadata")

    def _languages(self, read: PlannedRow, row: ManifestRow, config: TaskConfig) -> None:
        """Leave out the languages that no engine here can do, except those that embedded subtitles might make
        possible."""
        has_text = row.subtitles is not None or config.text_track is not None
        for code in list(read.languages):
            own = code in row.translations
            why = self._refused(config.source_language, code, subtitles=has_text, translation=own)
            if not why:
                continue
            if not has_text and not self._refused(config.source_language, code, subtitles=True, translation=own):
                read.notes.append(f"{code}: only if the file has subtitles inside: {why}")
                continue
            read.languages.remove(code)
            read.refused.append(Refusal(code="language_unsupported", detail=why, field="languages", language=code))

    def _refused(self, source: str | None, target: str, *, subtitles: bool, translation: bool) -> str:
        key = (source, target, subtitles, translation)
        if key not in self._known:
            try:
                check_possible(self.engines, source, target, subtitles=subtitles, translation=translation)
                self._known[key] = ""
            except PermanentError as error:
                self._known[key] = error.message
        return self._known[key]


def _refusal(problem: Problem) -> Refusal:
    """A row's refusal, in the form in which a request would be refused."""
    field_ = (problem.errors or [{"pointer": ""}])[0]["pointer"].strip("/")
    return Refusal(code=problem.code, detail=problem.detail, field=field_)


def _config(defaults: TaskConfig, row: ManifestRow) -> TaskConfig:
    said = {
        "target_languages": list(dict.fromkeys(row.languages)) if row.languages else None,
        "source_language": row.source_language,
        "chinese": row.chinese,
        "glossary": row.glossary,
        "brief": row.brief,
        "stop_after": row.stop_after,
        "metadata": {**defaults.metadata, **row.metadata},
    }
    return defaults.model_copy(update={name: value for name, value in said.items() if value is not None})


def _invalid(error: ValidationError | RecursionError) -> Iterator[Refusal]:
    if isinstance(error, RecursionError):
        yield Refusal(code="invalid_request", detail="it is nested too deeply", field="")
        return
    for one in error.errors()[:5]:
        where = ".".join(str(part) for part in one["loc"])
        yield Refusal(code="invalid_request", detail=str(one["msg"])[:500], field=where[:200])
