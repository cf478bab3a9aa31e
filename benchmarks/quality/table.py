"""The figures of the dialogues as Markdown."""

from typing import Any

_WAYS = {
    "localclip": "LocalClip",
    "concatenated": "(a) joined end to end, sped up without limit",
    "capped": "(b) at most 1.3 times, then overlapping",
    "chunked": "(c) one speed for up to five lines",
}
_TARGET_SPEED = 20.0


def render(results: dict[str, Any]) -> str:
    """Every way over all dialogues, then every dialogue by LocalClip, then what was asked for."""
    parts = []
    for translator, title in (("phrasebook", "with alternatives"), ("apertium", "without alternatives")):
        if found := results.get(translator):
            parts += [f"**{len(found['cases'])} dialogues, es and fr, a translator {title}**", "", _ways(found), ""]
    if found := results.get("phrasebook"):
        parts += [_cases(found["cases"]), "", _targets(found)]
    return "\n".join(parts)


def _ways(found: dict[str, Any]) -> str:
    rows = [
        "| way, on the same takes | −10…+20 % | beyond 1.5 × | p95 speed | fastest | overlap with the source "
        "| over oneself | latest start | drift at the end |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for way, one in found["summary"].items():
        rows.append(
            f"| {_WAYS[way]} | {one['in_window_share']:.1%} | {one['beyond_1_5']} | {one['p95_speed']:.2f} "
            f"| {one['max_speed']:.2f} | {one['overlap']:.3f} | {one['self_overlap_s']:.1f} s | {one['late_s']:.2f} s "
            f"| {one['drift_at_end_s']:+.3f} s |"
        )
    return "\n".join(rows)


def _cases(cases: dict[str, Any]) -> str:
    rows = [
        "| dialogue | lines | −10…+20 % | fastest | overlap | LUFS | dBTP | non-speech residual | length |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, case in cases.items():
        for language, one in case["languages"].items():
            ours, report = one["localclip"], one["report"]
            loudness = report["loudness"]
            rows.append(
                f"| {name}, {language} | {ours['lines']} | {ours['in_window_share']:.0%} | {ours['max_speed']:.2f} "
                f"| {ours['overlap']:.3f} | {loudness['integrated_lufs']} | {loudness['true_peak_dbtp']} "
                f"| {_decibel(report['nonspeech_residual_db'])} | {report['length_difference_s']:+.3f} s |"
            )
    return "\n".join(rows)


def _targets(found: dict[str, Any]) -> str:
    ours = found["summary"]["localclip"]
    reports = [one["report"] for case in found["cases"].values() for one in case["languages"].values()]
    lufs = [report["loudness"]["integrated_lufs"] for report in reports]
    peaks = [report["loudness"]["true_peak_dbtp"] for report in reports]
    residuals = [one for report in reports if (one := report["nonspeech_residual_db"]) is not None]
    rows = [
        ("lines beyond 1.5 ×", f"{ours['beyond_1_5']}", "0", ours["beyond_1_5"] == 0),
        ("lines inside −10…+20 %", f"{ours['in_window_share']:.1%}", "≥ 83 %", ours["in_window_share"] >= 0.83),
        ("speech overlap with the source", f"{ours['overlap']:.3f}", "≥ 0.9", ours["overlap"] >= 0.9),
        ("loudness", f"{min(lufs)}…{max(lufs)} LUFS", "−16 ± 0.5", all(abs(one + 16) <= 0.5 for one in lufs)),
        ("true peak", f"{max(peaks)} dBTP", "≤ −1", max(peaks) <= -1),
    ]
    if residuals:
        rows.append(("non-speech passages", f"{max(residuals)} dB", "< −50 dB", max(residuals) < -50))
    for case in found["cases"].values():
        if edit := case.get("edit"):
            drift = max(case["drift_s"].values(), key=abs)
            rows += [
                ("drift at the end of 40 minutes", f"{drift * 1000:.1f} ms", "< 40 ms", abs(drift) < 0.04),
                ("takes changed by one edited line", f"{edit['takes_changed']}", "1", edit["takes_changed"] == 1),
                (
                    "export after an edit, 40 minutes",
                    f"{edit['export_speed']} × real time",
                    "≥ 20 ×",
                    edit["export_speed"] >= _TARGET_SPEED,
                ),
            ]
    lines = ["| what | measured | target | met |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {a} | {b} | {c} | {'yes' if met else '**no**'} |" for a, b, c, met in rows)])


def _decibel(value: float | None) -> str:
    return "–" if value is None else f"{value} dB"
