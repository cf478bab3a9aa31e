"""A dubbed task behind a real gateway, on each database."""

import uuid
from collections.abc import Iterator

import pytest

from shared.testing import PostgresServer, ServerUnavailable, nats_server
from tests.services.gateway.conftest import World
from tests.services.gateway.web.writes import Scene, open_scene


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for the tests of a module; each test copies its task."""
    folder = tmp_path_factory.mktemp("scene")
    url = f"sqlite:///{folder}/localclip.db"
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_cluster")
        url = server.create_database(f"test_{uuid.uuid4().hex}")
    try:
        with nats_server(folder / "nats") as broker:
            world = World(folder, broker, url)
            try:
                scene = open_scene(world)
                yield scene
                scene.database.close()
            finally:
                world.close()
    except ServerUnavailable as why:
        pytest.skip(str(why))
