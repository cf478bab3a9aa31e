"""Subtitles that are fetched with a video: where they will be stored, and how they get there."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.gateway.batches.addresses import S3
from services.gateway.uploads.brought import SUBTITLES, TRANSLATION
from services.gateway.uploads.opening import Opener
from services.gateway.uploads.remote import SourceError, name_of
from services.gateway.web.bodies import read_brought, refuse_oversize
from services.gateway.web.problems import Problem
from services.gateway.web.threads import Threads
from shared.outside import Forbidden
from shared.pipeline import BASE, ErrorCode
from shared.storage import ObjectStore, keys, put_bytes
from shared.transcript import Reading


@dataclass(frozen=True)
class Companion:
    """A subtitle file: `language` is `base` for what is said."""

    name: str
    language: str
    address: str
    key: str


def companions(task_id: str, files: Mapping[str, str]) -> list[Companion]:
    """The files of a row, `subtitles` and `translation_<language>` with their URLs, as files of a task."""
    found = []
    for name, address in files.items():
        language = BASE if name == SUBTITLES else name.removeprefix(TRANSLATION)
        key = keys.fetched_subtitles(task_id, language, name_of(address.removeprefix(S3)))
        found.append(Companion(name, language, address, key))
    return found


def with_companions(config: Mapping[str, Any], found: list[Companion]) -> dict[str, Any]:
    """A configuration as it is stored, with the places of the files: they count before they have arrived."""
    stored = dict(config)
    for one in found:
        if one.language == BASE:
            stored["subtitles_key"] = one.key
        else:
            stored["translation_keys"] = {**stored.get("translation_keys", {}), one.language: one.key}
    return stored


def wanted(config: Mapping[str, Any], found: list[Companion]) -> list[Companion]:
    """Those that still count: a person may have provided another file meanwhile."""
    translations = config.get("translation_keys", {})
    return [
        one
        for one in found
        if one.key == (config.get("subtitles_key") if one.language == BASE else translations.get(one.language))
    ]


async def bring(
    one: Companion, owner: str, spoken: str | None, opener: Opener, store: ObjectStore, threads: Threads
) -> Reading:
    """Fetch a file whole, read it and store it. Raises: SourceError, which names the file; Forbidden; StorageError."""
    what = one.name.replace("_", " ")
    try:
        async with opener.open(one.address, owner) as answer:
            refuse_oversize(answer.size or 0)
            data = await _all(answer.chunks)
            if answer.size is not None and len(data) != answer.size:
                raise SourceError(ErrorCode.SOURCE_UNREACHABLE, "it ended before all had come", is_final=False)
        language = spoken if one.language == BASE else one.language
        reading = await asyncio.to_thread(read_brought, data, language, "")
    except SourceError as error:
        raise SourceError(error.code, f"{what}: {error.message}", is_final=error.is_final) from error
    except Forbidden as error:
        raise Forbidden(f"{what}: {error}") from error
    except Problem as error:
        raise SourceError(ErrorCode(error.code), f"{what}: {error.detail}", is_final=True) from error
    await threads.transfer(put_bytes, store, one.key, data)
    return reading


async def _all(chunks: AsyncIterator[bytes]) -> bytes:
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        refuse_oversize(len(data))
    return bytes(data)
