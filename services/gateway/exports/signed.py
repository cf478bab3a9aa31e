"""Files at signed URLs, which need no key; facts refer to files by them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.gateway.exports.files import serve_artifact
from services.gateway.exports.zips import OF_ZIP, serve_zip
from services.gateway.pipeline.parts import Parts
from services.gateway.web.keys import Caller
from services.gateway.web.signing import file_address, zip_address

router = APIRouter(prefix="/api/files", tags=["artifacts"])
Expires = Annotated[int, Query(ge=0, le=2**40)]
Signature = Annotated[str, Query(max_length=64)]
_ANYBODY = Caller(None)


@router.get("/{batch_id}.zip", operation_id="get_signed_zip", response_class=StreamingResponse, responses=OF_ZIP)
def get_signed_zip(batch_id: str, expires: Expires, signature: Signature, parts: Parts) -> StreamingResponse:
    """All files of a batch, as `GET /api/batches/{batch_id}/files.zip`; an event tells the address."""
    parts.signer.check(zip_address(batch_id), expires, signature)
    return serve_zip(parts, _ANYBODY, batch_id, None)


@router.get("/{task_id}/{language}/{name:path}", operation_id="get_signed_file", response_class=StreamingResponse)
@router.head("/{task_id}/{language}/{name:path}", include_in_schema=False)
def get_signed_file(
    task_id: str, language: str, name: str, expires: Expires, signature: Signature, request: Request, parts: Parts
) -> Response:
    """A file of a task by this name as it is now, with `Range` and `If-Range`; an event tells the address."""
    parts.signer.check(file_address(task_id, language, name), expires, signature)
    return serve_artifact(parts, _ANYBODY, request, task_id, language, name, download=True)
