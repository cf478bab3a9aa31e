"""What can go wrong, each with a way out.

LocalClipError                 a sentence with the way out
├── ApiError                   the gateway refused: a problem document with a stable `code`
│   ├── AuthenticationError    401, 403: the API key
│   ├── NotFoundError          404, 410
│   ├── ConflictError          409, 412, 428: it is in another state than you think
│   ├── InvalidRequestError    400, 413, 415, 422: what was sent
│   └── BusyError              429, 502, 503, 504: later
├── ServerUnreachable          no gateway answers
├── UnexpectedAnswerError      something answers that is no gateway
└── SignatureError             what came to a webhook is not from LocalClip
"""

from collections.abc import Mapping, Sequence

_CURES = {
    400: "send it again; the connection may have ended before all of it arrived",
    401: "give the API key of an account (api_key=..., or LOCALCLIP_API_KEY)",
    403: "use an API key that may do this",
    404: "list what there is; it may have been deleted, or belong to another account",
    409: "read its state again, and then decide",
    412: "read it again and repeat the change on what it is now",
    413: "send less, or ask the operator for a higher limit",
    415: "send a video, a sound file or subtitles that LocalClip reads",
    422: "correct what the message names",
    428: "read it first, and send its version along",
    429: "wait and repeat it",
    502: "wait and repeat it",
    503: "wait and repeat it",
    504: "wait and repeat it",
}
_CURES_BY_CODE = {
    "approval_required": "approve the language first",
    "batch_over": "retry the batch: what failed is taken up again",
    "forbidden_address": "use a public https address, or have LOCALCLIP_ALLOWED_NETWORKS opened",
    "idempotency_key_reused": "use another idempotency key for another request",
    "nothing_to_dub": "edit lines first, or name those to speak again",
    "rows_refused": "correct the rows, or make the others with skip_refused",
    "source_gone": "name an address that leads to the video",
    "upload_over": "begin another upload",
}


class LocalClipError(Exception):
    """A failure a person can read."""


class ApiError(LocalClipError):
    """An RFC 9457 problem document from the gateway: `code` is stable, `detail` for people, `cure` what mends it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        retry_after_s: float | None = None,
    ) -> None:
        fields = "".join(f"\n  {entry.get('pointer', '')}: {entry.get('detail', '')}" for entry in errors)
        super().__init__(f"{code}: {detail}{fields}")
        self.status, self.code, self.detail, self.errors = status, code, detail, tuple(errors)
        self.retry_after_s = retry_after_s

    @property
    def cure(self) -> str:
        """What can be done about it."""
        return _CURES_BY_CODE.get(self.code) or _CURES.get(self.status, "look into the log of the gateway")


class AuthenticationError(ApiError):
    """No API key, a wrong one, or one that may not do this."""


class NotFoundError(ApiError):
    """It is not there, or belongs to another account."""


class ConflictError(ApiError):
    """It is in another state than the request needs, or was changed since it was read."""


class InvalidRequestError(ApiError):
    """What was sent is refused; `errors` point at the fields."""


class BusyError(ApiError):
    """Something is away or overloaded; nothing was done."""


class ServerUnreachable(LocalClipError):  # noqa: N818 (a state of the world, not a mistake)
    """Nothing answers. `sent`: the request may have arrived all the same; `passing`: waiting may help."""

    cure = "start the gateway (`localclip up`), or name the one that runs"

    def __init__(self, detail: str, *, sent: bool = False, passing: bool = True) -> None:
        super().__init__(detail)
        self.sent, self.passing = sent, passing


class UnexpectedAnswerError(LocalClipError):
    """What answers there does not speak as a gateway of LocalClip."""

    cure = "check the address: it is that of a gateway, without a path"


class SignatureError(LocalClipError):
    """A request to a webhook has no signature of LocalClip, or one that is too old."""

    cure = "use the secret of this webhook, the body as it came, and a clock that is right"


_KINDS: Mapping[int, type[ApiError]] = {
    **dict.fromkeys((401, 403), AuthenticationError),
    **dict.fromkeys((404, 410), NotFoundError),
    **dict.fromkeys((409, 412, 428), ConflictError),
    **dict.fromkeys((400, 413, 415, 422), InvalidRequestError),
    **dict.fromkeys((429, 502, 503, 504), BusyError),
}


def refusal(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    retry_after_s: float | None = None,
) -> ApiError:
    """The error of a status."""
    return _KINDS.get(status, ApiError)(status, code, detail, errors, retry_after_s)
