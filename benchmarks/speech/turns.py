"""Tell speakers apart in made and recorded conversations: `python -m benchmarks.speech.turns [name ...]`; prints JSON.

`LOCALCLIP_SPEECH_DIR` may name a folder with sentences of more voices (`<voice>-<number>.wav`) and with recordings
whose speakers are known (`<name>.wav`, `<name>.rttm`), beside those that packages carry; a conversation whose voices
are not there is left out.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speech.conversations import CASES, bank, compose, recorded
from benchmarks.speech.speakers import measure, summary
from services.diarizer.engines import create_diarizer, create_voice_activity
from services.diarizer.settings import DiarizerSettings
from shared.models import ModelSettings


def main(names: list[str] | None = None) -> dict[str, Any]:
    """Measure every conversation whose voices are here, or those that are named."""
    given = os.environ.get("LOCALCLIP_SPEECH_DIR")
    folder, settings = Path(given) if given else None, DiarizerSettings()
    activity, diarizer = create_voice_activity(settings), create_diarizer(settings, ModelSettings())
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as work:
        asked = [case for case in CASES if names is None or case.name in names]
        voices = bank(folder, Path(work)) if asked else {}
        made = [compose(case, voices) for case in asked if set(case.voices) <= voices.keys()]
        real = [one for one in recorded(folder, Path(work)) if names is None or one.name in names]
        for conversation in [*made, *real]:
            rows.append(measure(conversation, activity, diarizer, Path(work)))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return {"conversations": rows, **summary(rows)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:] or None)))
