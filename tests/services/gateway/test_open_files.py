"""How many connections the gateway may have."""

import resource
from collections.abc import Iterator

import pytest

from services.gateway.app import allow_many_connections


@pytest.fixture
def few_files() -> Iterator[int]:
    """A limit as a shell sets it; gives what the system would grant."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_idle_connections_do_not_use_up_the_files(few_files: int) -> None:
    """The gateway takes as many as it is granted, and does not ask for more."""
    allow_many_connections()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == (65_536 if few_files < 0 or few_files > 65_536 else few_files)
    assert hard == few_files
