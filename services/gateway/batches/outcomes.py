"""How far a batch is, and whether it has ended: independent of the database and the web."""

from collections.abc import Mapping

from shared.pipeline import GRAPH, Stage, Status

ENDED = ("completed", "failed", "canceled", "deleted")
_EARLY = 0.05
"""Below this share the remaining time cannot be estimated."""


def is_over(rows: Mapping[str, int], *, canceled: bool) -> bool:
    """Whether nothing more will happen by itself; in a canceled batch, that includes what was never started."""
    at_rest = (*ENDED, "pending") if canceled else ENDED
    return not any(count for outcome, count in rows.items() if outcome not in at_rest)


def progress(rows: Mapping[str, int], languages: Mapping[str, int], done: Mapping[Stage, int]) -> float:
    """The share of all work that is done, from 0 to 1.

    `languages` counts the languages of all rows by status, including rows whose files have not arrived; `done` counts
    the completed stages of languages that have not ended.
    """
    total = sum(rows.values())
    if total == 0 or not any(languages.values()):
        return 1.0 if is_over(rows, canceled=False) else 0.0
    if is_over(rows, canceled=False):
        return 1.0
    every = sum(languages.values())
    base = sum(spec.weight for spec in GRAPH if not spec.per_language)
    own = {spec.stage: spec.weight for spec in GRAPH if spec.per_language}
    ended = sum(languages.get(word, 0) for word in (Status.COMPLETED, Status.STALE, Status.FAILED, Status.CANCELED))
    share = ended * (1 - base) / every
    share += sum(own[stage] * count for stage, count in done.items() if stage in own) / every
    share += base * min(total, done.get(Stage.DIARIZATION, 0)) / total
    return min(0.99, share)


def eta_s(share: float, elapsed_s: float, rows: Mapping[str, int]) -> float | None:
    """Seconds until the end at the pace so far; None while nothing is in progress, or too little is done."""
    if share < _EARLY or share >= 1 or not rows.get("processing"):
        return None
    return round(elapsed_s * (1 - share) / share, 1)
