"""The translator as a process with a neural engine, over a real broker."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nats as nats_client
import pytest
from nats.js import JetStreamContext

from shared.messaging import (
    RESULT,
    LinesTranslated,
    Role,
    SourceLine,
    TranslateLines,
    announced_engines,
    provision,
    subjects,
)
from shared.testing import NatsServer, wait_until_async
from tests.services.translator.engines.chat_server import ChatServer, failing, spanish
from tests.support.scripted_translator import Script, build_translator

pytestmark = pytest.mark.anyio


@pytest.fixture
async def js(nats: NatsServer) -> AsyncIterator[JetStreamContext]:
    client = await nats_client.connect(nats.url)
    await provision(client.jetstream())
    yield client.jetstream()
    await client.close()


class Process:
    """`python -m services.translator`."""

    def __init__(self, nats: NatsServer, folder: Path, **settings: str) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCALCLIP_", "S3_"))}
        environment = {
            **clean,
            "NATS_URL": nats.login(Role.TRANSLATOR),
            "UPLOAD_DIR": str(folder / "objects"),
            "LOCALCLIP_WORK_DIR": str(folder / "work"),
            "LOCALCLIP_MODELS_DIR": str(folder / "models"),
            "LOCALCLIP_DEVICE": "cpu",
            **settings,
        }
        self.log = folder / "translator.log"
        with self.log.open("wb") as output:
            command = [sys.executable, "-m", "services.translator"]
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


async def translated(js: JetStreamContext, process: Process, *texts: str) -> list[LinesTranslated]:
    """The results of one job for each text, in their order."""
    for number, text in enumerate(texts):
        line = SourceLine(segment_id="s0001", text=text, speaker_id="A", slot_s=3, max_chars=80)
        job = TranslateLines(task_id=f"t{number:02}", language="es", attempt=1, source_language="en", lines=(line,))
        await js.publish(str(job.subject()), job.model_dump_json().encode(), stream=subjects.JOBS)

    async def done() -> bool:
        assert process.process.poll() is None, process.log.read_text()
        return (await js.stream_info(subjects.RESULTS)).state.messages == len(texts)

    await wait_until_async(done, 60, process.log.read_text())
    stored = [RESULT.validate_json((await js.get_msg(subjects.RESULTS, n + 1)).data or b"") for n in range(len(texts))]
    found = [result for result in stored if isinstance(result, LinesTranslated)]
    assert len(found) == len(texts), stored
    return sorted(found, key=lambda result: result.task_id)


async def test_jobs_side_by_side_are_translated_by_one_model(
    js: JetStreamContext, nats: NatsServer, tmp_path: Path
) -> None:
    """With the neural profile; its terms are announced before the first job, and stand in every result."""
    build_translator(tmp_path / "models" / "nllb-200-600m", Script({"house": "casa"}))
    with Process(nats, tmp_path, LOCALCLIP_PROFILE="neural") as process:
        results = await translated(js, process, *[f"house {number}" for number in range(12)])
        assert [result.lines[0].text for result in results] == [f"casa {number}" for number in range(12)]
        (engine,) = await announced_engines(js)
        assert (engine.name, engine.licence, engine.commercial_use) == ("NLLB-200", "CC-BY-NC-4.0", False)
        assert results[0].engines == (engine.used(),)
        assert ("en", "id") in engine.pairs
        assert '"slots": 4' in process.log.read_text()


async def test_what_an_endpoint_costs_is_in_every_result(
    js: JetStreamContext, nats: NatsServer, tmp_path: Path
) -> None:
    """Also after a failure that passed."""
    with ChatServer() as server:
        server.acts = [failing(429, Retry_After="0")]
        settings = {
            "LOCALCLIP_TRANSLATOR": "openai",
            "LOCALCLIP_OPENAI_URL": server.url,
            "LOCALCLIP_OPENAI_MODEL": "tiny",
            "LOCALCLIP_OPENAI_API_KEY": "k3y",
            "LOCALCLIP_OPENAI_PRICE_IN": "1",
        }
        with Process(nats, tmp_path, **settings) as process:
            (result,) = await translated(js, process, "the big house")
            assert result.lines[0].text == spanish("the big house")[0]
            (used,) = result.engines
            assert used.usage is not None
            assert (used.usage.tokens_in, used.usage.tokens_out, used.usage.cost_usd) == (100, 50, 0.0001)
            assert "k3y" not in process.log.read_text()
        server.shutdown()


def test_a_model_that_is_not_there_ends_the_service_with_the_command_that_brings_it(
    nats: NatsServer, tmp_path: Path
) -> None:
    """One sentence, no traceback."""
    with Process(nats, tmp_path, LOCALCLIP_PROFILE="neural") as process:
        assert process.process.wait(60) == 1
        said = process.log.read_text()
    assert said.strip().startswith("translator: the model 'nllb-200-600m' is not complete")
    assert "localclip models pull nllb-200-600m" in said
    assert "Traceback" not in said
