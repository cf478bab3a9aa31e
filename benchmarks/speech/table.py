"""What `python -m benchmarks.speech` measured, as Markdown."""

from typing import Any


def render(measured: dict[str, Any]) -> str:
    """The figures that have a target, then every conversation."""
    ratio = measured["confusion"] / measured["confusion_given"] if measured["confusion_given"] else None
    same = "both 0" if not measured["confusion"] else "–" if ratio is None else f"{ratio:.2f} ×"
    lines = [
        "| what | measured | target |",
        "|---|---|---|",
        f"| number of speakers right | {measured['number_right']:.0%} | ≥ 90 % |",
        f"| sentences given to more than one speaker | {measured['sentences_cut']:.1%} | ≤ 1 % |",
        f"| speech given to the wrong speaker, counted ÷ number given | {same} | ≤ 1.2 × |",
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
