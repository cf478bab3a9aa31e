"""The whole client."""

from localclip_client._async.account import AsyncAccount
from localclip_client._async.follow import AsyncFollowing
from localclip_client._async.lines import AsyncLines
from localclip_client._async.webhooks import AsyncWebhooks


class AsyncClient(AsyncFollowing, AsyncLines, AsyncWebhooks, AsyncAccount):
    """Speaks to one gateway.

    Every POST carries an `Idempotency-Key`, and what fails in passing is asked again, after what `Retry-After` says:
    nothing is done twice. Every method may raise ApiError, ServerUnreachable or UnexpectedAnswerError.
    """
