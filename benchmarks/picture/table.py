"""What `python -m benchmarks.picture` measured, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

Rows = Sequence[dict[str, Any]]
_NAMES = {
    "zh-Hans": "Simplified Chinese",
    "zh-Hant": "Traditional Chinese",
    "ja": "Japanese",
    "en": "English",
    "ko": "Korean",
}


def render(measured: dict[str, Any]) -> str:
    """The targets, and below them the languages."""
    return "\n".join([*_targets(measured), "", *_languages(measured["clips"])])


def _targets(measured: dict[str, Any]) -> list[str]:
    known = [row for row in measured["clips"] if row["language"] != "ko" or measured.get("korean")]
    plain, empty = measured["plain"], measured["empty"]
    errors, late = share(known, "wrong", "letters"), share(known, "edges_off", "edges")
    cost = share(known, "read_cpu_s", "length_s")
    counted = f"{len(measured['clips'])} of {measured['of']} clips, {len(empty)} without subtitles"
    unread = "" if measured.get("korean") else " Korean, whose weights were not there, is left out of the first."
    return [
        f"{counted}; {len(plain)} also the plain way.{unread}",
        "",
        "| what | measured | target | met | every frame read |",
        "|---|---|---|---|---|",
        _row("letters wrong, of all that were written", errors, 0.02, share(plain, "wrong", "letters")),
        _count("cues that are none", total(known, "invented"), 0, total(plain, "invented")),
        _row("starts and ends more than 0.1 s off", late, 0.05, share(plain, "edges_off", "edges")),
        f"| CPU seconds a second of video, reading | {cost:.2f} | ≤ 1.00 | {met(cost, 1.0)} | "
        f"{share(plain, 'read_cpu_s', 'length_s'):.2f} |",
        f"| CPU seconds for a look at a video | {mean(known, 'look_cpu_s'):.1f} | a few | – | – |",
        _row("frames in which the old text can be read once covered", share(known, "readable", "frames"), 0.01, None),
        f"| difference outside what is covered, of 255 | {mean(known, 'outside'):.2f} | that of the codec | – | – |",
        _row("letters of the new text read back wrongly", share(known, "set_wrong", "set_letters"), 0.02, None),
        _count("cues in videos without subtitles", total(empty, "invented"), 0, None),
    ]


def _languages(clips: Rows) -> list[str]:
    lines = ["| language | letters wrong | cues missed | starts and ends off |", "|---|---|---|---|"]
    for code, name in _NAMES.items():
        rows = [row for row in clips if row["language"] == code]
        if rows:
            figures = f"{share(rows, 'wrong', 'letters'):.1%} | {total(rows, 'missed')} of {total(rows, 'cues')}"
            lines.append(f"| {name} | {figures} | {share(rows, 'edges_off', 'edges'):.1%} |")
    return lines


def _row(what: str, figure: float, target: float, plain: float | None) -> str:
    beside = "–" if plain is None else f"{plain:.1%}"
    return f"| {what} | {figure:.1%} | ≤ {target:.0%} | {met(figure, target)} | {beside} |"


def _count(what: str, figure: int, target: int, plain: int | None) -> str:
    beside = "–" if plain is None else str(plain)
    return f"| {what} | {figure} | {target} | {met(figure, target)} | {beside} |"


def met(figure: float, target: float) -> str:
    """Whether a figure is no greater than it should be."""
    return "yes" if figure <= target else "**no**"


def total(rows: Iterable[dict[str, Any]], name: str) -> int:
    """The sum of a figure, where it was measured."""
    return sum(row.get(name, 0) for row in rows)


def share(rows: Rows, name: str, of: str) -> float:
    """One figure as a part of another, over all rows."""
    whole = sum(row.get(of, 0) for row in rows)
    return sum(row.get(name, 0) for row in rows) / whole if whole else 0.0


def mean(rows: Rows, name: str) -> float:
    """The mean of a figure, where it was measured."""
    known = [row[name] for row in rows if name in row]
    return sum(known) / len(known) if known else 0.0
