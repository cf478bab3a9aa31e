"""Dub a video from a script: send it, tell how far it is, fetch what was made.

    pip install ./clients/python
    python examples/dub.py talk.mp4 es dubbed

LOCALCLIP_SERVER and LOCALCLIP_API_KEY name another gateway than the one on this machine. Ends with 3 when the dub
did not pass its gate.
"""

import os
import sys
from pathlib import Path

from localclip_client import Client, LocalClipError, NewTask, ProgressFrame, Task


def main(video: Path, language: str, folder: Path) -> int:
    """Dub into one language."""
    server = os.environ.get("LOCALCLIP_SERVER", "http://localhost:8080")
    with Client(server, os.environ.get("LOCALCLIP_API_KEY")) as client:
        task = client.create(NewTask(video, [language], source_language="en", metadata={"made_by": "examples/dub.py"}))
        for update in client.follow_task(task.task_id):
            if isinstance(update, Task):
                task = update
            elif isinstance(update, ProgressFrame):
                sys.stdout.write(f"{update.language} {update.stage} {update.progress:.0f} % {update.message}\n")
        folder.mkdir(exist_ok=True)
        for file in client.artifacts(task.task_id):
            if file.language == language and file.name.startswith(("export_", "subtitles_")):
                client.download(task.task_id, file, folder / file.name)
                sys.stdout.write(f"{folder / file.name}: {file.size} bytes\n")
        state = task.language_status[language]
        for reason in state.gate_reasons:
            sys.stdout.write(f"not good: {reason.text}. {reason.mend}\n")
        return 0 if state.gate == "passed" else 3


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
    except LocalClipError as error:
        sys.exit(f"{error} ({getattr(error, 'cure', '')})")
