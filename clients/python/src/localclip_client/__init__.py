"""The client of LocalClip: `Client`, and `AsyncClient` for asyncio and trio, with the same methods."""

from localclip_client._async.client import AsyncClient
from localclip_client._sync.client import Client
from localclip_client.errors import (
    ApiError,
    AuthenticationError,
    BusyError,
    ConflictError,
    InvalidRequestError,
    LocalClipError,
    NotFoundError,
    ServerUnreachable,
    SignatureError,
    UnexpectedAnswerError,
)
from localclip_client.events import ProgressFrame, ServerEvent, Trouble
from localclip_client.models import Batch, BatchItem, BatchPlan, Export, Line, LineState, Stage, Status, Task
from localclip_client.new_task import NewTask
from localclip_client.signatures import verify_webhook

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "Batch",
    "BatchItem",
    "BatchPlan",
    "BusyError",
    "Client",
    "ConflictError",
    "Export",
    "InvalidRequestError",
    "Line",
    "LineState",
    "LocalClipError",
    "NewTask",
    "NotFoundError",
    "ProgressFrame",
    "ServerEvent",
    "ServerUnreachable",
    "SignatureError",
    "Stage",
    "Status",
    "Task",
    "Trouble",
    "UnexpectedAnswerError",
    "verify_webhook",
]
