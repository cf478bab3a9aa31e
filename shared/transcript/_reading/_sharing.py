"""The time of one cue for several."""

from collections.abc import Sequence

from shared.transcript._cues import Cue


def shared_out(cues: Sequence[Cue]) -> list[Cue]:
    """Cues of one span, one after the other in it, each as long as its part of the text."""
    if len(cues) < 2:
        return list(cues)
    start_s, length_s = cues[0].start_s, cues[0].end_s - cues[0].start_s
    total, done, found = sum(len(cue.text) for cue in cues), 0, []
    for cue in cues:
        first, done = done, done + len(cue.text)
        span = {"start_s": start_s + length_s * first / total, "end_s": start_s + length_s * done / total}
        found.append(cue.model_copy(update={name: round(value, 3) for name, value in span.items()}))
    return found
