# Made of `_async` by `make generate`: change it there.
"""The whole client."""

from localclip_client._sync.account import SyncAccount
from localclip_client._sync.follow import SyncFollowing
from localclip_client._sync.lines import SyncLines
from localclip_client._sync.webhooks import SyncWebhooks


class Client(SyncFollowing, SyncLines, SyncWebhooks, SyncAccount):
    """Speaks to one gateway.

    Every POST carries an `Idempotency-Key`, and what fails in passing is asked again, after what `Retry-After` says:
    nothing is done twice. Every method may raise ApiError, ServerUnreachable or UnexpectedAnswerError.
    """
