"""Small request bodies under a size limit: a file alone, or a form with files."""

from collections.abc import AsyncGenerator

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from services.gateway.api.problems import Problem, unprocessable

_MOST_FIELDS = 20


async def read_form(request: Request, max_bytes: int) -> FormData:
    """Parse multipart/form-data of at most `max_bytes`; the caller closes it.

    Raises:
        Problem: 413 too large, 415 another type, 400 malformed or cut off.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "not_multipart", "send multipart/form-data")
    parser = MultiPartParser(
        request.headers, _limited(request, max_bytes), max_files=_MOST_FIELDS, max_fields=_MOST_FIELDS
    )
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:  # KeyError: a content type without boundary
        raise Problem(400, "malformed_upload", f"the form is not valid multipart/form-data: {error}") from error


async def read_file(request: Request, field: str, max_bytes: int) -> bytes:
    """The whole body, or the file `field` of a form. Raises: Problem, as `read_form`, and 422 without the field."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return b"".join([chunk async for chunk in _limited(request, max_bytes)])
    form = await read_form(request, max_bytes)
    try:
        return await file_of(form, field).read()
    finally:
        await form.close()


def file_of(form: FormData, field: str) -> UploadFile:
    """The file of a form. Raises: Problem 422 where there is none."""
    found = form.get(field)
    if not isinstance(found, UploadFile):
        raise unprocessable("missing_file", f"the form has no file field '{field}'", f"/{field}")
    return found


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise Problem(413, "upload_too_large", f"more than {max_bytes // 1024**2} MiB were sent")
            yield chunk
    except ClientDisconnect as error:
        raise Problem(400, "upload_cut_off", "the connection ended before the upload was complete") from error
