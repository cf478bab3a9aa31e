"""Where videos, and subtitles that come with them, may be fetched from."""

from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import unprocessable
from shared.outside import Forbidden, check_url
from shared.storage import is_key

S3 = "s3:"


def address_of(settings: GatewaySettings, url: str | None, key: str | None) -> str:
    """Where a video is fetched from. Raises: Problem 422, where that may not be."""
    if (url is None) == (key is None):
        raise unprocessable("invalid_request", "name either source_url or source_key", "/source_url")
    return _of_key(settings, key, "/source_key") if key is not None else _of_url(settings, str(url), "/source_url")


def file_address_of(settings: GatewaySettings, named: str, pointer: str, *, beside_key: bool) -> str:
    """Where a subtitle file is fetched from: an address, `s3:` and a key, or beside a video of the bucket a key alone.

    Raises: Problem 422, where that may not be, or `named` is the name of a file that somebody would have to send.
    """
    if is_address(named) and not named.startswith(S3):
        return _of_url(settings, named, pointer)
    if named.startswith(S3) or beside_key:
        return _of_key(settings, named.removeprefix(S3), pointer)
    detail = "with a video that is fetched comes what is fetched, too: give its address, or s3: and its key"
    raise unprocessable("subtitles_not_fetched", detail, pointer)


def is_address(named: str) -> bool:
    """Whether a file is named by where it lies, and not by what it is called."""
    return named.lower().startswith(("https://", "http://", S3))


def _of_key(settings: GatewaySettings, key: str, pointer: str) -> str:
    if not settings.source_prefix:
        detail = "no bucket is opened here for sources: the operator names one in LOCALCLIP_SOURCE_PREFIX"
        raise unprocessable("source_not_configured", detail, pointer)
    if not is_key(key):
        raise unprocessable("invalid_request", "this is no key of an object", pointer)
    return S3 + key


def _of_url(settings: GatewaySettings, url: str, pointer: str) -> str:
    address = url.partition("#")[0]
    try:
        check_url(address, settings.networks())
    except Forbidden as error:
        raise unprocessable("forbidden_address", str(error), pointer) from error
    return address
