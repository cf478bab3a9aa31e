"""Memory of a translation worker over many jobs, through a real broker: what a job leaves behind adds up.

The worker runs CTranslate2 with a model that knows a few words. Jobs have 16 lines of different lengths, every tenth
has a line that is too long for the model at once, every tenth a term to keep.
"""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import nats
import psutil

from benchmarks.measure import broker, folder, process
from shared.messaging import RESULT, GlossaryTerm, LinesTranslated, SourceLine, TranslateLines, provision, subjects
from tests.support.scripted_translator import Script, build_translator

WORDS = {"the": "la", "house": "casa", "is": "es", "big": "grande", "dog": "perro", "sleeps": "duerme"}
JOBS = 1_000
WARM = 100
LINES = 16
AHEAD = 20


def _job(number: int) -> TranslateLines:
    chance = random.Random(number)
    lengths = [chance.randint(1, 30) for _ in range(LINES)]
    if number % 10 == 0:
        lengths[0] = 400
    texts = [" ".join(chance.choices(list(WORDS), k=length)) for length in lengths]
    lines = tuple(
        SourceLine(segment_id=f"s{index:04}", text=text, speaker_id="A", slot_s=3, max_chars=80)
        for index, text in enumerate(texts)
    )
    terms = (GlossaryTerm(source="house", target="chalet"),) if number % 10 == 5 else ()
    return TranslateLines(
        task_id=f"task_{number:06}", language="es", attempt=1, source_language="en", lines=lines, glossary=terms
    )


async def _run(url: str, worker: psutil.Popen) -> dict[int, int]:
    """Resident bytes by jobs done."""
    client = await nats.connect(url)
    js = client.jetstream()
    await provision(js)

    async def done() -> int:
        return (await js.stream_info(subjects.RESULTS)).state.messages

    resident: dict[int, int] = {}
    sent = 0
    while sent < JOBS:
        for _ in range(AHEAD):
            job = _job(sent)
            await js.publish(str(job.subject()), job.model_dump_json().encode(), stream=subjects.JOBS)
            sent += 1

        async with asyncio.timeout(300):
            while await done() < sent:
                assert worker.is_running(), "the worker ended"
                await asyncio.sleep(0.05)
        last = RESULT.validate_json((await js.get_msg(subjects.RESULTS, sent)).data or b"")
        assert isinstance(last, LinesTranslated), last
        assert all(line.text for line in last.lines), last
        if sent % WARM == 0:
            resident[sent] = worker.memory_info().rss
    await client.close()
    return resident


def measure(path: Path) -> dict[str, object]:
    """What the worker holds after the first hundred jobs and after all."""
    model = build_translator(path / "model", Script(WORDS))
    with broker(path) as url:
        environment = {
            "NATS_URL": url,
            "UPLOAD_DIR": str(path / "objects"),
            "LOCALCLIP_WORK_DIR": str(path / "work"),
            "LOCALCLIP_TRANSLATOR": "ctranslate2",
            "LOCALCLIP_TRANSLATION_MODEL": str(model),
            "LOCALCLIP_DEVICE": "cpu",
            "LOCALCLIP_LOG_LEVEL": "WARNING",
        }
        began = time.perf_counter()
        with process([sys.executable, "-m", "services.translator"], environment) as worker:
            resident = asyncio.run(_run(url, worker))
    mib = {jobs: round(count / 2**20, 1) for jobs, count in resident.items()}
    return {
        "jobs": JOBS,
        "lines": JOBS * LINES,
        "seconds": round(time.perf_counter() - began, 1),
        "rss_mib": mib,
        "ratio": round(resident[JOBS] / resident[WARM], 3),
    }


if __name__ == "__main__":
    with folder() as here:
        json.dump(measure(here), sys.stdout)
