"""What `python -m benchmarks.speech` measured, as Markdown."""

from collections.abc import Iterable
from typing import Any

from benchmarks.speech.speakers import summary
from services.cloner.casting import CHANCE

_RECOGNIZERS = ("pocketsphinx", "whisper-tiny.en", "whisper-base", "whisper-small", "whisper-large-v3-turbo")
_LANGUAGES = ("en", "es", "fr", "de", "ja", "zh", "ko", "id")
_POOR = "–"
Target = tuple[str, float | None, float]
"""What is measured, the figure, and what it should not exceed."""


def render(measured: dict[str, Any]) -> str:
    """All parts that were measured."""
    made = [_targets(measured)] if {"hearing", "speaking", "dubbing"} & set(measured) else []
    named = {"hearing": _hearing, "speaking": _speaking, "dubbing": _dubbing, "translating": _translating}
    made += [part(measured[name]) for name, part in named.items() if measured.get(name)]
    made += [_separating(measured["separating"])] if measured.get("separating") else []
    made += [_costs(measured)] if measured.get("hearing") else []
    return "\n\n".join([*made, *([_turns(measured["turns"])] if "turns" in measured else [])])


def render_gpu(measured: dict[str, Any]) -> str:
    """What is missing, else the same tables."""
    missing = "Missing here: " + "; ".join(measured["missing"]) + "." if measured["missing"] else ""
    ran = f"On {measured['gpu']}.\n\n{render(measured)}" if "gpu" in measured else ""
    return "\n\n".join(filter(None, [missing, ran]))


def merged(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """All that was measured before, with the new figures of the engines and conversations in `found`.

    What was counted over all voices stays as it was when all of them were heard.
    """
    whole = dict(before)
    for part, figures in found.items():
        own = before.get(part, {})
        if part == "speaking":
            new = {(row["engine"], row["language"]) for row in figures["voices"]}
            kept = [row for row in own.get("voices", []) if (row["engine"], row["language"]) not in new]
            engines = own.get("engines", {}) | figures["engines"]
            figures = figures | own | {"engines": engines, "voices": [*kept, *figures["voices"]]}
        if part == "turns":
            rows = {row["name"]: row for row in [*own.get("conversations", []), *figures["conversations"]]}
            figures = {"conversations": list(rows.values()), **summary(list(rows.values()))}
        whole[part] = own | figures
    return whole


def _rows(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _percent(rate: float | None) -> str:
    return _POOR if rate is None else f"{rate:.1%}"


def _sure(figures: dict[str, Any]) -> str:
    """A rate, between what it may lie, and of how many words."""
    return f"{figures['error_rate']:.1%} ({figures['low']:.1%}…{figures['high']:.1%}) of {figures['words']}"


def _score(measured: dict[str, Any], name: str, language: str, kind: str) -> dict[str, Any]:
    scores = measured.get("hearing", {}).get(name, {}).get("scores", [])
    return next((one for one in scores if (one["language"], one["kind"]) == (language, kind)), {})


def _best(measured: dict[str, Any], language: str) -> float | None:
    """Errors of the voice engine that is understood best, over the voices that speakers are given."""
    by_engine: dict[str, list[float]] = {}
    for row in measured.get("speaking", {}).get("voices", []):
        if row["language"] == language:
            by_engine.setdefault(row["engine"], []).append(row["error_rate"])
    given = [[rate for rate in own if rate <= min(own) + CHANCE] for own in by_engine.values()]
    return min((sum(own) / len(own) for own in given), default=None)


def _targets(measured: dict[str, Any]) -> str:
    book, call = (_score(measured, "whisper-base", "en", kind).get("error_rate") for kind in ("audiobook", "telephone"))
    targets: list[Target] = [
        ("English audiobooks, words wrong, whisper-base", book, 0.05),
        ("English on the telephone, words wrong, whisper-base", call, 0.20),
        *((f"best voice here in {code}, misheard", _best(measured, code), 0.10) for code in ("es", "fr", "ja", "zh")),
        ("best voice here in en, misheard", _best(measured, "en"), 0.02),
    ]
    dub = measured.get("dubbing", {}).get("the best here", {})
    targets += [
        (f"dub of audiobooks, {code}, misheard", dub.get(code, {}).get("error_rate"), 0.10) for code in ("es", "fr")
    ]
    joints = measured.get("speaking", {}).get("joints", {})
    wrong, places = (sum(joints.get(code, [0, 0])[at] for code in ("en", "fr", "de", "zh", "ja")) for at in (0, 1))
    rows = [
        (what, _percent(figure), f"≤ {most:.0%}", "yes" if figure <= most else "**no**")
        for what, figure, most in targets
        if figure is not None
    ]
    cut = [(f"words cut or glued, {places} places", wrong, "0", "no" if wrong else "yes")] if places else []
    return _rows(("what", "measured", "target", "met"), [*rows, *cut])


def _hearing(found: dict[str, Any]) -> str:
    names = [name for name in _RECOGNIZERS if name in found]
    kinds = sorted({(one["language"], one["kind"]) for name in names for one in found[name]["scores"]})
    wrapped = {"hearing": found}
    rows = []
    for language, kind in sorted(kinds, key=lambda one: (_LANGUAGES.index(one[0]), one[1])):
        scores = [_score(wrapped, name, language, kind) for name in names]
        rows.append([f"{language}, {kind}", *(_sure(one) if one else _POOR for one in scores)])
    told = [found[name]["language_told"] for name in names]
    rows.append(["language told", *(f"{one[0]} of {one[1]}" if one else _POOR for one in told)])
    return "**Recordings of people: words (ja, zh: characters) wrong**\n\n" + _rows(("recordings", *names), rows)


def _speaking(found: dict[str, Any]) -> str:
    rows = [
        (row["language"], row["engine"], row["voice"], _sure(row))
        for row in sorted(found["voices"], key=lambda row: (_LANGUAGES.index(row["language"]), row["error_rate"]))
    ]
    alike = found.get("similarity")
    note = alike and (
        f"The speaker encoder finds a cosine of {alike['same_voice']} between two sentences of the same voice and of "
        f"{alike['different_voices']} between different voices (medians)."
    )
    table = _rows(("language", "engine", "voice", "misheard"), rows)
    title = "**Voices: words (ja, zh, ko: characters) misheard, ten sentences each**"
    return "\n\n".join(filter(None, [title, table, note]))


def _dubbing(found: dict[str, Any]) -> str:
    rows = []
    for name, one in found.items():
        for code in (code for code in _LANGUAGES if code in one):
            dub = one[code]
            verdict = "passed" if dub["passed"] else "failed"
            voices = ", ".join(dub["voices"])
            rows.append((name, code, voices, _percent(dub["error_rate"]), verdict, dub.get("similarity") or _POOR))
    heard = next(iter(found.values())).get("understood")
    understood = f" (understood with {_sure(heard)} words wrong)" if heard else ""
    head = ("voices", "language", "engine", "misheard", "gate", "cosine with the speaker")
    return f"**From audiobooks to a dub**{understood}\n\n{_rows(head, rows)}"


def _translating(found: dict[str, Any]) -> str:
    names = list(found)
    pairs = sorted({pair for name in names for pair in found[name]["pairs"]})
    rows = [(pair.replace("-", " → "), *(found[name]["pairs"].get(pair, _POOR) for name in names)) for pair in pairs]
    count = next(iter(found.values()))["sentences"]
    return f"**Translators: chrF on {count} sentences a pair**\n\n{_rows(('pair', *names), rows)}"


def _separating(found: dict[str, Any]) -> str:
    rows = [(name, f"{one['sdr_db']:+.1f} dB") for name, one in found.items() if name != "missing"]
    missing = f"\n\nNot measured: {found['missing']}." if "missing" in found else ""
    return f"**Background under speech, SDR**\n\n{_rows(('separator', 'SDR'), rows)}{missing}"


def _costs(measured: dict[str, Any]) -> str:
    costs = {**measured["hearing"], **measured.get("speaking", {}).get("engines", {})}
    rows = [
        (name, f"{one['cpu_per_s']:.3g} s", f"{one['peak_mb']} MB" if "peak_mb" in one else _POOR)
        for name, one in costs.items()
        if "cpu_per_s" in one
    ]
    rows += [
        (name, f"{one['cpu_per_line']:.3g} s a line", f"{one['peak_mb']} MB")
        for name, one in measured.get("translating", {}).items()
    ]
    rows += [
        (name, f"{one['cpu_per_s']:.3g} s", f"{one['peak_mb']} MB")
        for name, one in measured.get("separating", {}).items()
        if "cpu_per_s" in one
    ]
    table = _rows(("engine", "CPU time for a second of sound", "most memory of its process"), rows)
    return f"**What engines cost on a CPU**\n\n{table}"


def _turns(measured: dict[str, Any]) -> str:
    errors = [row for row in measured["conversations"] if "error_rate" in row]
    ratio = measured["confusion"] / measured["confusion_given"] if measured["confusion_given"] else None
    same = "both 0" if not measured["confusion"] else "–" if ratio is None else f"{ratio:.2f} ×"
    lines = [
        "| what | measured | target |",
        "|---|---|---|",
        f"| number of speakers right | {measured['number_right']:.0%} | ≥ 90 % |",
        f"| sentences given to more than one speaker | {measured['sentences_cut']:.1%} | ≤ 1 % |",
        f"| speech given to the wrong speaker, counted ÷ number given | {same} | ≤ 1.2 × |",
        *(
            f"| error of {row['name']}: missed, false and confused, counted (number given) | "
            f"{row['error_rate']:.1%} ({row['error_rate_given']:.1%}) | ≤ 12.5 % |"
            for row in errors
        ),
        "",
        "| conversation | seconds | speakers | found | cut | wrong speaker, counted | number given |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in measured["conversations"]:
        cut = f"{row['cut']} of {row['sentences']}" if row["sentences"] else "–"
        found = row["found"] if row["found"] == row["speakers"] else f"**{row['found']}**"
        lines.append(
            f"| {row['name']} | {row['seconds']:.0f} | {row['speakers']} | {found} | {cut} | "
            f"{row['confusion']:.1%} | {row['confusion_given']:.1%} |"
        )
    return "\n".join(lines)
