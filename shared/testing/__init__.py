"""Real servers as child processes, and waiting for a condition: for tests."""

from shared.ports import free_port
from shared.testing._minio import MinioServer, minio_server
from shared.testing._nats import NatsServer, nats_server
from shared.testing._postgres import PostgresServer, postgres_server
from shared.testing._server import ServerUnavailable, started
from shared.testing._waiting import wait_until, wait_until_async

__all__ = [
    "MinioServer",
    "NatsServer",
    "PostgresServer",
    "ServerUnavailable",
    "free_port",
    "minio_server",
    "nats_server",
    "postgres_server",
    "started",
    "wait_until",
    "wait_until_async",
]
