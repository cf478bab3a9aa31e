"""Read a file from another server, from where an earlier attempt stopped, behind the address filter.

SourceError           the file cannot be had; `is_final`: asking again would not help
└── SourceChanged     it is not the file that was begun: start again
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import httpcore

from shared.outside import Network, ascii_url, check_url, guarded_pool
from shared.pipeline import ErrorCode

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CONNECT_S, _READ_S = 15.0, 30.0
_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_GONE = (404, 410)
_LATER = (408, 425, 429)


class SourceError(Exception):
    """The file cannot be had."""

    def __init__(self, code: ErrorCode, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.code, self.message, self.is_final = code, message, is_final


class SourceChanged(SourceError):  # noqa: N818 (says what is the matter)
    """What has arrived so far belongs to another file."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.SOURCE_UNREACHABLE, "the file was changed while it was fetched", is_final=False)


@dataclass(frozen=True)
class Answer:
    """A file from the byte `start` on. `validator` None: there is no way to tell whether it is the same file next time.

    `called` is its human-readable name, if known.
    """

    start: int
    size: int | None
    validator: str | None
    chunks: AsyncIterator[bytes]
    called: str = ""


def name_of(address: str) -> str:
    """The file name at the end of a URL."""
    return unquote(urlsplit(address).path).rsplit("/", 1)[-1].strip() or "video"


@asynccontextmanager
async def open_url(
    url: str, networks: Sequence[Network], start: int = 0, validator: str | None = None
) -> AsyncIterator[Answer]:
    """Request a file from `start` on, if it still matches `validator`; otherwise the response is all of it.

    Each URL, including those of redirects, is checked by the address its name resolves to at the time of connecting.
    Raises: SourceError; Forbidden.
    """
    async with AsyncExitStack() as stack:
        for _ in range(_MOST_REDIRECTS + 1):
            check_url(url, networks)
            pool = await stack.enter_async_context(guarded_pool(networks, encrypted=url.lower().startswith("https:")))
            response = await stack.enter_async_context(_asked(pool, url, start if validator else 0, validator))
            headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status not in _REDIRECTS or b"location" not in headers:
                yield _answer(response, headers, start if validator else 0)
                return
            url = urljoin(url, headers[b"location"]).partition("#")[0]
    raise SourceError(ErrorCode.SOURCE_REFUSED, f"it leads on more than {_MOST_REDIRECTS} times", is_final=True)


@asynccontextmanager
async def _asked(
    pool: httpcore.AsyncConnectionPool, url: str, start: int, validator: str | None
) -> AsyncIterator[httpcore.Response]:
    target = ascii_url(url)
    timeouts = {"connect": _CONNECT_S, "read": _READ_S, "write": _READ_S, "pool": _READ_S}
    headers = {
        "host": urlsplit(target).netloc,
        "user-agent": "LocalClip/1",
        "accept": "*/*",
        "accept-encoding": "identity",
    }
    if start:
        headers |= {"range": f"bytes={start}-", "if-range": validator or ""}
    try:
        async with pool.stream(
            "GET", target, headers=list(headers.items()), extensions={"timeout": timeouts}
        ) as answer:
            yield answer
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        raise _unreachable(f"{urlsplit(url).hostname} does not answer: {type(error).__name__} {error}") from error


def _answer(response: httpcore.Response, headers: dict[bytes, str], start: int) -> Answer:
    """Raises: SourceError, for a status without a file."""
    status = response.status
    if status == 416 and start:
        raise SourceChanged
    if status == 206 and start:
        span = _RANGE.fullmatch(headers.get(b"content-range", "").strip())
        if span is None or int(span[1]) != start:
            raise SourceChanged
        size = int(span[2]) if span[2] != "*" else None
        return Answer(start, size, _validator(headers), response.aiter_stream())
    if status == 200:
        length = headers.get(b"content-length", "")
        return Answer(0, int(length) if length.isdecimal() else None, _validator(headers), response.aiter_stream())
    raise _refused(status)


def _refused(status: int) -> SourceError:
    if status in _GONE:
        return SourceError(
            ErrorCode.SOURCE_GONE, f"there is no file at this address (it answered {status})", is_final=True
        )
    if status >= 500 or status in _LATER:
        return _unreachable(f"it answered {status}")
    what = "it asks for a login" if status in (401, 407) else "it does not give the file away"
    return SourceError(ErrorCode.SOURCE_REFUSED, f"{what} (it answered {status})", is_final=True)


def _unreachable(why: str) -> SourceError:
    return SourceError(ErrorCode.SOURCE_UNREACHABLE, why[:300], is_final=False)


def _validator(headers: dict[bytes, str]) -> str | None:
    """A value for `If-Range`: a strong ETag, or else a time."""
    etag = headers.get(b"etag", "").strip()
    if etag.startswith('"') and len(etag) <= 500:
        return etag
    changed = headers.get(b"last-modified", "").strip()
    return changed if 0 < len(changed) <= 100 else None
