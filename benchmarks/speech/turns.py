"""Tell speakers apart in made and recorded conversations: `python -m benchmarks.speech.turns`; prints JSON.

`LOCALCLIP_SPEECH_DIR` may name a folder with sentences of more voices (`<voice>-<number>.wav`) and with recordings
whose speakers are known (`<name>.wav`, `<name>.rttm`), beside the telephone call that a package carries; a conversation
whose voices are not there is left out.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speech.conversations import CASES, bank, compose, recorded
from benchmarks.speech.speakers import measure
from services.diarizer.engines import create_diarizer, create_voice_activity
from services.diarizer.settings import DiarizerSettings
from shared.models import ModelSettings


def main() -> dict[str, Any]:
    """Measure every conversation whose voices are here."""
    given = os.environ.get("LOCALCLIP_SPEECH_DIR")
    folder, settings = Path(given) if given else None, DiarizerSettings()
    activity, diarizer = create_voice_activity(settings), create_diarizer(settings, ModelSettings())
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as work:
        voices = bank(folder, Path(work))
        made = [compose(case, voices) for case in CASES if set(case.voices) <= voices.keys()]
        for conversation in [*made, *recorded(folder, Path(work))]:
            rows.append(measure(conversation, activity, diarizer, Path(work)))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return {"conversations": rows, **summary(rows)}


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The figures that have a target."""
    sentences = sum(row["sentences"] for row in rows) or 1
    return {
        "number_right": round(sum(row["found"] == row["speakers"] for row in rows) / len(rows), 3),
        "sentences_cut": round(sum(row["cut"] for row in rows) / sentences, 4),
        "confusion": round(
            sum(row["confusion"] * row["seconds"] for row in rows) / sum(row["seconds"] for row in rows), 4
        ),
        "confusion_given": round(
            sum(row["confusion_given"] * row["seconds"] for row in rows) / sum(row["seconds"] for row in rows), 4
        ),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
