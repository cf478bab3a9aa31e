"""Dub a folder as one batch from an asynchronous program: several videos are sent at a time, all are followed as one.

pip install ./clients/python
python examples/dub_many.py videos es,fr season.zip
"""

import asyncio
import os
import sys
from pathlib import Path

from localclip_client import AsyncClient, BatchItem, LocalClipError

AT_ONCE = 3


async def main(folder: Path, videos: list[Path], languages: list[str], target: Path) -> int:
    """Make the batch, send its videos, follow it, fetch all files as one ZIP."""
    rows = [{"source": video.name, "languages": languages, "source_language": "en"} for video in videos]
    manifest = {"name": folder.name, "rows": rows, "metadata": {"made_by": "examples/dub_many.py"}}
    server = os.environ.get("LOCALCLIP_SERVER", "http://localhost:8080")
    async with AsyncClient(server, os.environ.get("LOCALCLIP_API_KEY")) as client:
        planned = await client.create_batch(manifest, dry_run=True)
        for row in planned.rows:
            for refusal in row.refused:
                sys.stdout.write(f"{row.source}: {refusal.detail}\n")
        made = (await client.create_batch(manifest, skip_refused=True)).batch
        if made is None:
            return 1
        turns = asyncio.Semaphore(AT_ONCE)

        async def send(row: BatchItem) -> None:
            async with turns:
                await client.send_row(made.batch_id, row.row, folder / row.source, {})

        waiting = await client.batch_rows(made.batch_id, outcome="waiting")
        await asyncio.gather(*(send(row) for row in waiting))
        async for batch in client.follow_batch(made.batch_id):
            sys.stdout.write(f"{batch.progress} %, rows {batch.rows}\n")
        await client.download_batch(batch.batch_id, target)
        sys.stdout.write(f"{target}: {batch.languages.get('passed', 0)} languages passed their gate\n")
        return 0 if batch.languages.get("passed") == batch.languages.get("completed") else 3


if __name__ == "__main__":
    try:
        given = Path(sys.argv[1])
        sys.exit(asyncio.run(main(given, sorted(given.glob("*.mp4")), sys.argv[2].split(","), Path(sys.argv[3]))))
    except LocalClipError as error:
        sys.exit(f"{error} ({getattr(error, 'cure', '')})")
