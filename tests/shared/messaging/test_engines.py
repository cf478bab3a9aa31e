"""Which engines a deployment may use."""

import asyncio
from pathlib import Path

import pytest

from shared.messaging import BrokerSettings, EngineInfo, Worker, WorkerSettings
from shared.messaging._engines import refuse_non_commercial
from shared.pipeline import Stage
from shared.storage import DirectoryStore

FREE = EngineInfo(
    stage=Stage.CLONING, port="voice", name="voxcpm", version="1", licence="Apache-2.0", commercial_use=True
)
BOUND = EngineInfo(
    stage=Stage.CLONING, port="voice", name="coqui-xtts", version="1", licence="CPML", commercial_use=False
)


def test_the_refusal_names_engine_licence_and_port() -> None:
    """All of them at once; nothing is refused where everything may be used."""
    refusal = refuse_non_commercial([BOUND, FREE])
    assert refusal is not None
    assert "coqui-xtts (CPML)" in refusal
    assert "choose another voice" in refusal
    assert "voxcpm" not in refusal
    assert refuse_non_commercial([FREE]) is None


def test_a_worker_does_not_start_with_an_engine_that_may_not_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its stage, and before it takes a job: no broker is there that could give it one."""
    monkeypatch.setenv("LOCALCLIP_COMMERCIAL_ONLY", "1")
    settings = WorkerSettings(work_dir=tmp_path / "work")
    store = DirectoryStore(tmp_path / "objects")
    worker = Worker(Stage.CLONING, lambda *_: pytest.fail("no job"), store, BrokerSettings(), settings, (FREE, BOUND))
    with pytest.raises(SystemExit, match="LOCALCLIP_COMMERCIAL_ONLY is set"):
        asyncio.run(worker.run())
