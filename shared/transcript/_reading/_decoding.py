"""From the bytes of a subtitle file to its text."""

import codecs
import contextlib
import re
from collections.abc import Iterator

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript._reading._remarks import RemarkKind, Remarks

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LATIN = ("cp1252", "mac_roman", "cp850")
_LEGACY = {"ko": ("cp949",), "ja": ("cp932", "euc_jp", "iso2022_jp"), "zh": ("gb18030", "big5")}
"""What texts of a language were written in before UTF-8; Latin letters in `_LATIN`."""
_GUESSED = ["cp1252", "cp949", "cp932", "euc_jp", "gb18030", "big5"]
"""Guessing among all encodings there are fails more often."""
_NAMES = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman", "cp850": "DOS (CP850)", "cp932": "Shift-JIS"}
_SAMPLE = 32 * 1024
"""Bytes an encoding is guessed from; guessing from 5 MB takes a minute."""

_PUNCTUATION = "‘’‚“”„«»‹›–—…¿¡€£©®°·ªº♪♫§\u00a0"
_LETTERS = {
    "fr": "àâæçéèêëîïôœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ",
    "de": "äöüßÄÖÜ",
    "es": "áéíóúñüÁÉÍÓÚÑÜ",
    "en": "éèêàâçñöüäïÉ",
    "id": "éèêàâçñöüäïÉ",
}
_COMMON_HAN = frozenset("的一是不了人我在有他这這为為大来來上个個国國中到说說们們你好吗嗎什么麼也就都要会會很")
_ENOUGH = 0.8
"""Share of the letters beyond ASCII that belong to the language: text read in a wrong encoding has few of them."""
_UTF8_ENOUGH = 0.3
"""Share of the bytes beyond ASCII that are sound UTF-8, in letters of two bytes; in those of three, twice that."""
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_WIDE_UTF8 = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_TWICE = re.compile("[ÂÃÄÅÐÑâãäåæçèéêëìíî][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")


def decode(data: bytes, language: str | None, remarks: Remarks) -> str:
    """The text, its rows separated by line feeds, whatever ended them.

    Raises:
        PermanentError: `subtitles_unreadable`, no encoding fits.
    """
    text = _text(data, language, remarks).removeprefix("\ufeff")
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _once_encoded(text, remarks)


def _text(data: bytes, language: str | None, remarks: Remarks) -> str:
    for encoding in _told(data):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    if _is_mostly_utf8(data, language):
        return "\n".join(_rows(data, language, remarks))
    encoding = _legacy(data, language)
    remarks.add(RemarkKind.ENCODING, detail=f"not UTF-8: read as {_NAMES.get(encoding, encoding.upper())}")
    return data.decode(encoding)


def _told(data: bytes) -> list[str]:
    """Encodings that cannot be mistaken for another one."""
    marked = [encoding for mark, encoding in _BOMS if data.startswith(mark)]
    # Every other byte of the numbers and arrows of a file in UTF-16 is zero.
    zeros = [encoding for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)) if data[first:40:2].count(0) > 10]
    stateful = ["iso2022_jp"] if b"\x1b$" in data[:_SAMPLE] else []
    return [*marked, *zeros, *stateful, "utf-8"]


def _is_mostly_utf8(data: bytes, language: str | None) -> bool:
    """Whether most of what is not ASCII is UTF-8, which text in another encoding is by chance in short pieces only."""
    wide = language in _LEGACY
    sound = sum(len(found.group()) for found in (_WIDE_UTF8 if wide else _UTF8).finditer(data))
    enough = _UTF8_ENOUGH if language and not wide else 2 * _UTF8_ENOUGH
    return sound > 0 and sound >= enough * len(_BEYOND_ASCII.findall(data))


def _rows(data: bytes, language: str | None, remarks: Remarks) -> Iterator[str]:
    """Rows of a file in UTF-8 of which some are not: those are read in the older encoding of the language."""
    single = _LEGACY.get(language or "", ())
    for number, row in enumerate(data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").split(b"\n"), 1):
        try:
            yield row.decode("utf-8")
            continue
        except UnicodeDecodeError:
            remarks.add(RemarkKind.BAD_BYTES, number)
        whole = None
        if single and not _UTF8.search(row):
            with contextlib.suppress(UnicodeDecodeError):
                whole = row.decode(single[0])
        yield row.decode("utf-8", "replace" if single else "subtitles_cp1252") if whole is None else whole


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    # The first byte of a letter that was cut off, which stands for no letter of the languages offered.
    found = "\ufffd" if byte in (b"\xc2", b"\xc3") else byte.decode("cp1252", "replace")
    return found, error.start + 1


codecs.register_error("subtitles_cp1252", _as_cp1252)


def _legacy(data: bytes, language: str | None) -> str:
    """The encoding that reads the most of `data` as text of its language.

    Raises:
        PermanentError: `subtitles_unreadable`.
    """
    sample = _sample(data)
    likely = [name for name in (_LEGACY.get(language, _LATIN) if language else ()) if _decodes(data, name)]
    if language and likely:
        rated = {name: _fitness(sample.decode(name, "ignore"), language) for name in likely}
        best = max(likely, key=lambda name: rated[name])  # the first of equals
        if rated[best] >= _ENOUGH:
            return best
    from charset_normalizer import from_bytes  # takes time, and only files of unknown encoding need it

    for guessed in (from_bytes(sample, cp_isolation=_GUESSED), from_bytes(sample)):
        for match in guessed:
            if _decodes(data, match.encoding):  # the sample was, the rest may not be
                return match.encoding
    if likely:
        return likely[0]
    raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, "the text encoding is not recognized; save the file as UTF-8")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _fitness(text: str, language: str) -> float:
    """Which share of the characters beyond ASCII is what texts of the language have, 0 to 1."""
    beyond = [character for character in text if ord(character) > 127]
    if not beyond:
        return 1.0
    if language == "zh":
        wide = sum("\u4e00" <= one <= "\u9fff" or "\u3000" <= one <= "\u303f" or one > "\uff00" for one in beyond)
        return (wide + sum(one in _COMMON_HAN for one in beyond)) / (2 * len(beyond)) + 0.4
    return sum(_belongs(one, language) for one in beyond) / len(beyond)


def _belongs(character: str, language: str) -> bool:
    if language == "ko":
        return "\uac00" <= character <= "\ud7a3" or "\u3000" <= character <= "\u303f" or character in _PUNCTUATION
    if language == "ja":
        half_width = "\uff61" <= character <= "\uff9f"
        return not half_width and ("\u3000" <= character <= "\u9fff" or character > "\uff00")
    return character in _LETTERS.get(language, "") or character in _PUNCTUATION


def _sample(data: bytes) -> bytes:
    """Of a large file the first rows that tell encodings apart: those with more than ASCII."""
    if len(data) <= _SAMPLE:
        return data
    telling = b"".join(row for row in data.splitlines(keepends=True) if not row.isascii())
    return telling[: telling.rfind(b"\n", 0, _SAMPLE) + 1] or telling[:_SAMPLE]


def _once_encoded(text: str, remarks: Remarks) -> str:
    """Undo an encoding to UTF-8 of what was UTF-8 already."""
    if not _TWICE.search(text):
        return text
    from ftfy import fix_encoding  # takes time, and few files need it

    rows = text.split("\n")
    for number, row in enumerate(rows):
        if len(row) < _SAMPLE and _TWICE.search(row) and (fixed := fix_encoding(row)) != row:
            rows[number] = fixed
            remarks.add(RemarkKind.TWICE_ENCODED, number + 1)
    return "\n".join(rows)
