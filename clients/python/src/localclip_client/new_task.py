"""A video and what is to become of it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

Document = Mapping[str, Any] | BaseModel
"""JSON as the API describes it, or a model of it."""


@dataclass(frozen=True)
class NewTask:
    """A video and what is to become of it; what is left out, the settings of the account say.

    The video is a file of this machine, or the gateway fetches it: from `source_url`, by `source_key` from the bucket
    that was opened, or from a page (`source_page`), where the operator turned that on. `subtitles` (what is said) and
    `translations` (by target language) go along: files with a file, addresses or keys with a video that is fetched.
    `more` has other fields of the `config` of a task, as the API names them.
    """

    video: Path | None = None
    target_languages: Sequence[str] = ()
    source_language: str | None = None
    num_speakers: int | None = None
    audio_track: str | None = None
    text_track: int | None = None
    source_text: str | None = None
    on_doubt: str | None = None
    chinese: str | None = None
    brief: Document | None = None
    other_languages: str | None = None
    export_settings: Mapping[str, Any] = field(default_factory=dict)
    subtitles: Path | str | None = None
    translations: Mapping[str, Path | str] = field(default_factory=dict)
    stop_after: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source_url: str | None = None
    source_key: str | None = None
    source_page: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = [one for one in (self.video, self.source_url, self.source_key, self.source_page) if one is not None]
        if len(named) != 1:
            raise ValueError("name one of video, source_url, source_key and source_page")
        wanted = str if self.video is None else Path
        if not all(isinstance(one, wanted) for one in self.texts().values()):
            raise ValueError("subtitles of a file are files, those of a video that is fetched are addresses or keys")

    def config(self) -> dict[str, Any]:
        """The `config` of the task."""
        said: dict[str, Any] = {
            "target_languages": list(self.target_languages),
            "source_language": self.source_language,
            "num_speakers": self.num_speakers,
            "audio_track": self.audio_track,
            "text_track": self.text_track,
            "source_text": self.source_text,
            "on_doubt": self.on_doubt,
            "chinese": self.chinese,
            "other_languages": self.other_languages,
            "brief": as_json(self.brief) if self.brief else None,
            "export_settings": dict(self.export_settings),
            "stop_after": self.stop_after,
            "metadata": dict(self.metadata),
            **self.more,
        }
        return {name: value for name, value in said.items() if value or name in ("target_languages", *self.more)}

    def texts(self) -> dict[str, Path | str]:
        """The subtitles by the names under which files of them are sent."""
        mine = {"subtitles": self.subtitles} if self.subtitles else {}
        return mine | {f"translation_{language}": one for language, one in self.translations.items()}

    def source(self) -> dict[str, Any]:
        """Where the gateway fetches it from."""
        said = {
            "source_url": self.source_url,
            "source_key": self.source_key,
            "source_page": self.source_page,
            "subtitles": self.subtitles,
        }
        return {name: value for name, value in said.items() if value} | {"translations": dict(self.translations)}


def as_json(document: Document) -> dict[str, Any]:
    """It as it is sent."""
    return document.model_dump(mode="json") if isinstance(document, BaseModel) else dict(document)


def sent_files(files: Mapping[str, Path | str]) -> dict[str, dict[str, str]]:
    """Small files as JSON carries them."""
    return {
        name: {"filename": Path(path).name, "data": base64.b64encode(Path(path).read_bytes()).decode()}
        for name, path in files.items()
    }
