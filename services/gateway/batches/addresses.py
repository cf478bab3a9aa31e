"""Where videos may be fetched from."""

from services.gateway.settings import GatewaySettings
from services.gateway.web.problems import unprocessable
from shared.outside import Forbidden, check_url
from shared.storage import is_key

S3 = "s3:"


def address_of(settings: GatewaySettings, url: str | None, key: str | None) -> str:
    """Where a video is fetched from. Raises: Problem 422, where that may not be."""
    if (url is None) == (key is None):
        raise unprocessable("invalid_request", "name either source_url or source_key", "/source_url")
    if key is not None:
        if not settings.source_prefix:
            detail = "no bucket is opened here for sources: the operator names one in LOCALCLIP_SOURCE_PREFIX"
            raise unprocessable("source_not_configured", detail, "/source_key")
        if not is_key(key):
            raise unprocessable("invalid_request", "this is no key of an object", "/source_key")
        return S3 + key
    address = str(url).partition("#")[0]
    try:
        check_url(address, settings.networks())
    except Forbidden as error:
        raise unprocessable("forbidden_address", str(error), "/source_url") from error
    return address
