"""Versions of what clients edit: `ETag` and `If-Match`."""

from fastapi import Request

from services.gateway.web.problems import Problem


def check_version(request: Request, version: int) -> None:
    """Compare `If-Match` with the current version. Raises: Problem 428 without the header, 412 on a conflict."""
    sent = request.headers.get("if-match")
    if sent is None:
        raise Problem(428, "precondition_required", "send If-Match with the ETag of what you edited, or *")
    if sent.strip() != "*" and etag(version) not in [part.strip().removeprefix("W/") for part in sent.split(",")]:
        raise Problem(
            412,
            "version_conflict",
            "it was changed meanwhile; read it again and repeat the edit",
            headers={"ETag": etag(version)},
        )


def check_version_sent(request: Request, version: int) -> None:
    """The same, if a client may leave out `If-Match`. Raises: Problem 412."""
    if "if-match" in request.headers:
        check_version(request, version)


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'
