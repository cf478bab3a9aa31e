"""Recognize a container by its first bytes.

ffmpeg guesses among hundreds of demuxers, some of which open other files and URLs (playlists, concat scripts). The
demuxer is therefore chosen here, from a short list of harmless ones, and forced on every call.
"""

from dataclasses import dataclass

SNIFF_BYTES = 1024


@dataclass(frozen=True)
class Container:
    """A container format: ffmpeg's demuxer and the media type served for it."""

    demuxer: str
    media_type: str


_MOV = Container("mov", "video/mp4")
_MATROSKA = Container("matroska", "video/x-matroska")
_MPEGTS = Container("mpegts", "video/mp2t")
_PREFIXES: tuple[tuple[bytes, Container], ...] = (
    (b"\x1aE\xdf\xa3", _MATROSKA),
    (b"FLV\x01", Container("flv", "video/x-flv")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container("asf", "video/x-ms-wmv")),
    (b"\x00\x00\x01\xba", Container("mpeg", "video/mpeg")),
    (b"OggS", Container("ogg", "video/ogg")),
)
_MOV_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


def sniff(head: bytes) -> Container | None:
    """Return the container that begins with `head` (`SNIFF_BYTES` are enough), or None."""
    for prefix, container in _PREFIXES:
        if head.startswith(prefix):
            return container
    if head[4:8] in _MOV_ATOMS:
        return _MOV
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Container("avi", "video/x-msvideo")
    if any(_is_transport_stream(head[offset:], size) for offset, size in ((0, 188), (4, 192))):
        return _MPEGTS
    return None


def _is_transport_stream(head: bytes, packet: int) -> bool:
    return len(head) > 2 * packet and all(head[n * packet] == 0x47 for n in range(3))


_SOUND_PREFIXES: tuple[tuple[bytes, Container], ...] = (
    (b"fLaC", Container("flac", "audio/flac")),
    (b"ID3", Container("mp3", "audio/mpeg")),
)


def sniff_audio(head: bytes) -> Container | None:
    """The format of an audio file that begins with `head`, including video containers that hold audio; None: not
    supported."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return Container("wav", "audio/wav")
    for prefix, container in _SOUND_PREFIXES:
        if head.startswith(prefix):
            return container
    found = sniff(head)
    if found is not None:
        return found
    is_mpeg_frame = len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4)  # layer III or II
    return Container("mp3", "audio/mpeg") if is_mpeg_frame else None
