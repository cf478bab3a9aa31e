"""A short run of `make chaos`, with one gateway on SQLite."""

from pathlib import Path

import pytest

from tests.chaos.plan import draw
from tests.chaos.run import run


@pytest.mark.timeout(900)
def test_random_kills_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    """Everything accepted is there, once, and nothing is left over."""
    outcome = run(draw(seed=1, database="sqlite", kills=8, tasks=3), tmp_path / "run", print)
    assert outcome.findings == []
