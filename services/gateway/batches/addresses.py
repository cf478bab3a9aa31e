"""Where videos, and the subtitles that come with them, may be fetched from."""

from functools import cache
from importlib.util import find_spec

from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import unprocessable
from shared.outside import Forbidden, check_url
from shared.storage import is_key

S3 = "s3:"
PAGE = "page:"


def address_of(settings: GatewaySettings, url: str | None, key: str | None, page: str | None) -> str:
    """Where a video is fetched from. Raises: Problem 422, if that is not allowed."""
    if sum(one is not None for one in (url, key, page)) != 1:
        raise unprocessable("invalid_request", "name one of source_url, source_key and source_page", "/source_url")
    if page is not None:
        return _of_page(settings, page)
    return _of_key(settings, key, "/source_key") if key is not None else _of_url(settings, str(url), "/source_url")


@cache
def has_ytdlp() -> bool:
    """Whether yt-dlp is installed as a package of this gateway; a separate program would not do."""
    return find_spec("yt_dlp") is not None


def file_address_of(settings: GatewaySettings, named: str, pointer: str, *, beside_key: bool) -> str:
    """Where a subtitle file is fetched from: a URL, `s3:` and a key, or for a video of the bucket a key alone.

    Raises: Problem 422, if that is not allowed, or if `named` is the name of a file that would have to be sent.
    """
    if is_address(named) and not named.startswith(S3):
        return _of_url(settings, named, pointer)
    if named.startswith(S3) or beside_key:
        return _of_key(settings, named.removeprefix(S3), pointer)
    detail = "with a video that is fetched comes what is fetched, too: give its address, or s3: and its key"
    raise unprocessable("subtitles_not_fetched", detail, pointer)


def is_address(named: str) -> bool:
    """Whether a file is given by its location rather than by its name."""
    return named.lower().startswith(("https://", "http://", S3))


def _of_key(settings: GatewaySettings, key: str, pointer: str) -> str:
    if not settings.source_prefix:
        detail = "no bucket is opened here for sources: the operator names one in LOCALCLIP_SOURCE_PREFIX"
        raise unprocessable("source_not_configured", detail, pointer)
    if not is_key(key):
        raise unprocessable("invalid_request", "this is no key of an object", pointer)
    return S3 + key


def _of_page(settings: GatewaySettings, page: str) -> str:
    if not settings.ytdlp:
        detail = "videos of pages are not fetched here: the operator turns that on with LOCALCLIP_YTDLP=true"
        raise unprocessable("pages_not_fetched", detail, "/source_page")
    if not has_ytdlp():
        detail = (
            "yt-dlp is not installed here: pip install 'localclip[ytdlp]' where the gateway runs, and start it again"
        )
        raise unprocessable("pages_not_fetched", detail, "/source_page")
    return PAGE + _of_url(settings, page, "/source_page")


def _of_url(settings: GatewaySettings, url: str, pointer: str) -> str:
    address = url.partition("#")[0]
    try:
        check_url(address, settings.networks())
    except Forbidden as error:
        raise unprocessable("forbidden_address", str(error), pointer) from error
    return address
