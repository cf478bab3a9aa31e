"""What clients send and get of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.gateway.hooks.rules import TYPE
from services.gateway.web.bodies import Written

TypePattern = Annotated[str, StringConstraints(max_length=60, pattern=f"^({TYPE.pattern})$")]
Types = Annotated[
    list[TypePattern],
    Field(min_length=1, max_length=50, description="`task.completed`, `language.*`, `*.failed`, or `*` for all"),
]


class WebhookWrite(Written):
    """A webhook to make."""

    model_config = ConfigDict(str_strip_whitespace=True)

    url: str = Field(max_length=2000, description="https; http only within LOCALCLIP_ALLOWED_NETWORKS")
    types: Types = Field(default_factory=lambda: ["*"])
    description: str = Field(default="", max_length=200)


class WebhookUpdate(Written):
    """What to change; what is left out stays. `enabled` true makes one that was disabled go on."""

    model_config = ConfigDict(str_strip_whitespace=True)

    url: str | None = Field(default=None, max_length=2000)
    types: Types | None = None
    description: str | None = Field(default=None, max_length=200)
    enabled: bool | None = None


class WebhookRead(BaseModel):
    """A webhook. `secret` is told when it is made or changed, and never again."""

    webhook_id: str
    url: str
    types: list[str]
    description: str
    enabled: bool
    disabled_reason: str | None = Field(description="why LocalClip gave it up; null where a person switched it off")
    failing_since: datetime | None = Field(description="no attempt has succeeded since")
    waiting: int = Field(description="events still on their way to it")
    version: int
    created_at: datetime
    secret: str | None = None


class Try(BaseModel):
    """One attempt: the status answered, or what went wrong."""

    at: datetime
    status: int | None = None
    error: str | None = None
    seconds: float


class DeliveryRead(BaseModel):
    """An event and its attempts, newest last; at most the last twenty."""

    delivery_id: int
    message_id: str = Field(description="the header `webhook-id`, the same in every repetition")
    task_id: str
    type: str
    sequence: int
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    tries: list[Try]
    next_at: datetime | None = Field(description="when it is tried next, where it waits")
    created_at: datetime
    ended_at: datetime | None
    event: dict[str, Any] | None = Field(default=None, description="what is sent; only when one delivery is asked for")


class Replay(Written):
    """Send again what happened since a time, at most seven days back."""

    since: datetime
    until: datetime | None = None


class Replayed(BaseModel):
    """How many events are on their way again; `more_since`: there are more, from this time on."""

    events: int
    more_since: datetime | None = None


class Tested(BaseModel):
    """What became of a test event."""

    delivered: bool
    status: int | None
    error: str | None
