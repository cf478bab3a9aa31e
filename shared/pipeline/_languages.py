"""The languages LocalClip offers and how their subtitles are laid out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.pipeline._errors import ErrorCode, PermanentError

ChineseScript = Literal["zh-Hans", "zh-Hant"]
"""Simplified or Traditional."""

BASE = "base"
"""The language token of work done once per task."""


@dataclass(frozen=True)
class SubtitleLimits:
    """Layout of a subtitle event: characters per row, rows, seconds on screen, characters per second.

    Latin figures follow the Netflix timed text style guides (42 characters, 2 rows, 7 s); Chinese 16, Japanese 13
    and Korean 16 characters per row follow the guides of those languages.
    """

    row_chars: int = 42
    rows: int = 2
    max_duration_s: float = 7.0
    min_duration_s: float = 5 / 6
    chars_per_s: float = 17.0

    @property
    def max_chars(self) -> int:
        """Characters that fit on the screen at once."""
        return self.row_chars * self.rows


@dataclass(frozen=True)
class LanguageInfo:
    """One language: BCP-47 code, ISO 639-2 code for containers, names, subtitle layout, speaking rate.

    `spoken_chars_per_s` is the pace of ordinary speech inside a line, without its pauses: the basis of a budget before
    any take was measured, and the reference for a speaker's pace. Syllables per second after Pellegrino, Coupé and
    Marsico (2011), times the characters of a syllable in subtitles.
    """

    code: str
    iso639_2: str
    name: str
    native_name: str
    is_target: bool
    spaces: bool
    subtitles: SubtitleLimits
    spoken_chars_per_s: float


_LATIN = SubtitleLimits()

_ALL = (
    LanguageInfo("en", "eng", "English", "English", True, True, _LATIN, 17.5),
    LanguageInfo("ko", "kor", "Korean", "한국어", True, True, SubtitleLimits(row_chars=16, chars_per_s=12.0), 8.5),
    LanguageInfo("ja", "jpn", "Japanese", "日本語", True, False, SubtitleLimits(row_chars=13, chars_per_s=4.0), 7.2),
    LanguageInfo("fr", "fra", "French", "Français", True, True, _LATIN, 18.0),
    LanguageInfo("de", "deu", "German", "Deutsch", True, True, _LATIN, 16.5),
    LanguageInfo("es", "spa", "Spanish", "Español", True, True, _LATIN, 18.5),
    LanguageInfo("id", "ind", "Indonesian", "Bahasa Indonesia", True, True, _LATIN, 16.5),
    LanguageInfo("zh", "zho", "Chinese", "中文", True, False, SubtitleLimits(row_chars=16, chars_per_s=9.0), 5.0),
)

_BY_CODE = {info.code: info for info in _ALL}

TARGET_LANGUAGES: tuple[str, ...] = tuple(info.code for info in _ALL if info.is_target)
SOURCE_LANGUAGES: tuple[str, ...] = tuple(info.code for info in _ALL)


def language(code: str) -> LanguageInfo:
    """Return what is known about `code`.

    Raises:
        PermanentError: `language_unsupported` for a code that is not offered.
    """
    try:
        return _BY_CODE[code]
    except KeyError:
        offered = ", ".join(_BY_CODE)
        raise PermanentError(
            ErrorCode.LANGUAGE_UNSUPPORTED, f"language '{code}' is not offered; choose one of {offered}"
        ) from None


_CHINESE: dict[str, ChineseScript] = {"zh-hans": "zh-Hans", "zh-cn": "zh-Hans", "zh-sg": "zh-Hans"}
_CHINESE |= {"zh-hant": "zh-Hant", "zh-tw": "zh-Hant", "zh-hk": "zh-Hant", "zh-mo": "zh-Hant"}


def chinese_script(tag: str) -> ChineseScript | None:
    """The script that a tag names, directly or by a region (`zh-Hant`, `zh_TW`); None if it names none."""
    return _CHINESE.get(tag.strip().lower().replace("_", "-"))


def one_script(tags: Iterable[str]) -> ChineseScript | None:
    """The script that `tags` name. Raises: ValueError, if they name both, since a task has only one."""
    named = {script for tag in tags if (script := chinese_script(tag))}
    if len(named) > 1:
        raise ValueError(
            "a task has Chinese in one script: name zh-Hans or zh-Hant, and make another task for the other"
        )
    return next(iter(named), None)


_OTHER_CODES = {"ger": "de", "fre": "fr", "chi": "zh", "cmn": "zh"}
"""ISO 639-2 has two codes for some languages, and both occur in files."""


def language_of_tag(tag: str | None) -> str | None:
    """The language that a track of a file is marked with (`eng`, `en-US`, `ger`), if it is one that is offered."""
    code = (tag or "").lower().replace("_", "-").split("-")[0]
    by_long = next((info.code for info in _ALL if info.iso639_2 == code), None)
    return by_long or _OTHER_CODES.get(code) or (code if code in _BY_CODE else None)
