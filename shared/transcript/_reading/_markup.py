"""TTML and SAMI: cues in tags. Read tag by tag, so that damage costs a cue and no entity of a file is ever expanded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.pipeline import ErrorCode, PermanentError
from shared.transcript._cues import Cue
from shared.transcript._reading._ending import said_until
from shared.transcript._reading._plain import plain
from shared.transcript._reading._remarks import RemarkKind, Remarks

_TAGS = re.compile(r"(<[^<>]{0,2000}>)")
_NAME = re.compile(r"<(/?)(?:[\w-]{1,20}:)?([\w-]{1,30})")
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]{1,40})\s?=\s?("[^"]{0,400}"|'[^']{0,400}'|[^\s"'<>]{1,400})""")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:\.(\d{1,9})|:(\d{1,3}))?")
_MULTIPLIER = re.compile(r"(\d{1,6})[ :](\d{1,6})")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_MOST_TAGS = 400_000
"""Of a file of as many cues as are read."""
_LANGUAGE_NAMES = {"ko": ("kr", "ko"), "en": ("en",), "ja": ("jp", "ja"), "zh": ("cn", "zh", "ch"), "fr": ("fr",)}


@dataclass(frozen=True)
class _Tag:
    name: str
    closes: bool
    attributes: dict[str, str]


def _pieces(text: str) -> Iterator[tuple[int, str, _Tag | None]]:
    """(row, text, tag): tags as they are and text between them."""
    row = 1
    pieces = _TAGS.split(text)
    if len(pieces) > 2 * _MOST_TAGS:
        raise PermanentError(ErrorCode.SUBTITLES_UNREADABLE, f"the subtitle file holds more than {_MOST_TAGS} tags")
    for piece in pieces:
        found = _NAME.match(piece) if piece.startswith("<") else None
        tag = None
        if found:
            attributes = {
                name.rpartition(":")[2].lower(): value.strip("\"'") for name, value in _ATTRIBUTE.findall(piece)
            }
            tag = _Tag(found.group(2).lower(), found.group(1) == "/", attributes)
        yield row, piece, tag
        row += piece.count("\n")


@dataclass
class _Open:
    """A `<p>` of TTML that has not ended."""

    row: int
    start_s: float | None
    end_s: float | None
    agent: str
    text: list[str] = field(default_factory=list)


def read_ttml(text: str, remarks: Remarks) -> Iterator[Cue]:
    """Every `<p>` that says when it begins and ends, or how long it is shown."""
    rates = {"f": 30.0, "t": 1.0}
    offsets = {"body": 0.0, "div": 0.0}
    agents: dict[str, str] = {}
    open_agent, current = "", None
    for row, piece, tag in _pieces(text):
        if tag is None:
            if current is not None:
                current.text.append(" ".join(piece.split()) if piece.strip() else " ")
            elif open_agent and piece.strip():
                agents[open_agent] = plain(piece)
            continue
        match tag.name:
            case "tt":
                rates = _rates(tag, rates)
            case "body" | "div":
                offsets[tag.name] = _moment(tag.attributes.get("begin", ""), rates) or 0.0 if not tag.closes else 0.0
            case "agent":
                open_agent = "" if tag.closes else tag.attributes.get("id", "")
            case "p" if tag.closes and current is not None:
                yield from _of_paragraph(current, agents, remarks)
                current = None
            case "p":
                current = _paragraph(tag, row, sum(offsets.values()), rates)
            case "br" if current is not None:
                current.text.append("\n")


def _rates(tag: _Tag, rates: dict[str, float]) -> dict[str, float]:
    frames, ticks = tag.attributes.get("framerate", ""), tag.attributes.get("tickrate", "")
    found = {"f": float(frames[:6])} if frames[:6].isdecimal() else {}
    multiplier = _MULTIPLIER.fullmatch(tag.attributes.get("frameratemultiplier", "").strip())
    if multiplier and int(multiplier.group(2)):
        found["f"] = found.get("f", rates["f"]) * int(multiplier.group(1)) / int(multiplier.group(2))
    found |= {"t": float(ticks[:12])} if ticks[:12].isdecimal() else {}
    return rates | {name: rate for name, rate in found.items() if rate > 0}


def _paragraph(tag: _Tag, row: int, offset_s: float, rates: dict[str, float]) -> _Open:
    start_s, end_s, length_s = (_moment(tag.attributes.get(name, ""), rates) for name in ("begin", "end", "dur"))
    if end_s is None and start_s is not None and length_s is not None:
        end_s = start_s + length_s
    if start_s is None or end_s is None:
        return _Open(row, None, None, "")
    return _Open(row, start_s + offset_s, end_s + offset_s, tag.attributes.get("agent", ""))


def _of_paragraph(found: _Open, agents: dict[str, str], remarks: Remarks) -> Iterator[Cue]:
    said = plain("".join(found.text))
    if not said:
        remarks.add(RemarkKind.NO_TEXT, found.row)
    elif found.start_s is None or found.end_s is None:
        remarks.add(RemarkKind.UNREADABLE, found.row)
    else:
        speaker = agents.get(found.agent, "")[:80]
        yield Cue(start_s=found.start_s, end_s=found.end_s, text=said, speaker=speaker, row=found.row)


def _moment(written: str, rates: dict[str, float]) -> float | None:
    written = written.strip()
    if clock := _CLOCK.fullmatch(written):
        hours, minutes, seconds, fraction, frames = clock.groups()
        total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
        return total + int(frames or 0) / rates["f"]
    if offset := _OFFSET.fullmatch(written):
        number, unit = float(offset.group(1)), offset.group(2)
        return number / rates[unit] if unit in rates else number * _UNITS[unit]
    return None


def read_sami(text: str, language: str | None, remarks: Remarks) -> Iterator[Cue]:
    """Cues of one language of the file: that of `language`, else the first; each is shown until the next."""
    shown = list(_sami_texts(text))
    names = list(dict.fromkeys(name for _, _, name, _ in shown))
    wanted = _LANGUAGE_NAMES.get(language or "", (language or "",))
    own = next((name for name in names if language and name.startswith(wanted)), names[0] if names else "")
    for row, _, name, said in shown:
        if name != own and said:
            remarks.add(RemarkKind.OTHER_LANGUAGE, row)
    mine = [one for one in shown if one[2] == own]
    for number, (row, start_s, _, said) in enumerate(mine):
        if said:
            end_s = mine[number + 1][1] if number + 1 < len(mine) else said_until(said, start_s)
            yield Cue(start_s=start_s, end_s=end_s, text=said, row=row)


def _sami_texts(text: str) -> Iterator[tuple[int, float, str, str]]:
    """(row, start, class, text), also of those without text, which end the ones before."""
    start_s, row, name = None, 0, ""
    said: list[str] = []
    for number, piece, tag in _pieces(text):
        if tag is None or tag.name in ("i", "b", "u", "font", "span"):
            said.append(" ".join(piece.split("\n")) if tag is None else "")
        elif tag.name == "br":
            said.append("\n")
        elif tag.name in ("sync", "p", "body", "sami"):
            if not (tag.name == "p" and tag.closes):  # the text of many closed ones is joined only once
                shown = plain("".join(said)) if start_s is not None else ""
                if start_s is not None and (name or shown):
                    yield row, start_s, name, shown
                    name = ""
                said = []
            if tag.name == "sync" and not tag.closes:
                written = tag.attributes.get("start", "")[:12]
                start_s, row, name = (int(written) / 1000 if written.isdecimal() else None), number, ""
            elif tag.name == "p" and not tag.closes:
                name = tag.attributes.get("class", "").lower()[:20] or "-"
