"""A dub as a timeline for editing programs (OpenTimelineIO): every take is a clip at its frame."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import quote

import opentimelineio as otio

from services.exporter.engines.base import RATE_HZ
from shared.messaging import TimelineLine

_TITLE = 60
"""The most letters of a line in the name of its clip."""


@dataclass(frozen=True, order=True)
class Frames:
    """Whole frames of the picture, the first at `first`."""

    first: int
    count: int

    @property
    def end(self) -> int:
        """The frame after the last one."""
        return self.first + self.count

    def samples(self, rate: Fraction) -> tuple[int, int]:
        """The first sample heard during them, and how many there are."""
        first = round(self.first * RATE_HZ / rate)
        return first, round(self.end * RATE_HZ / rate) - first


def frames_of(start: int, end: int, rate: Fraction) -> Frames:
    """The frames shown while the samples from `start` to `end` are heard."""
    first = math.floor(start * rate / RATE_HZ)
    return Frames(first, max(1, math.ceil(end * rate / RATE_HZ) - first))


@dataclass(frozen=True)
class TakeClip:
    """A take as an audio file that begins and ends with a frame."""

    line: TimelineLine
    file: str
    frames: Frames


@dataclass(frozen=True)
class Cut:
    """The contents of a timeline; file names are relative to it."""

    name: str
    language: str
    source_language: str
    rate: Fraction
    picture: str
    picture_frames: int
    original: str | None
    original_frames: int
    takes: Sequence[TakeClip]
    lines: Sequence[TimelineLine]
    speakers: Mapping[str, str]
    review: Mapping[str, Sequence[str]]
    """Why lines are worth a look, by segment."""


def edit_timeline(cut: Cut) -> str:
    """`cut` as the text of an .otio file."""
    timeline = otio.schema.Timeline(cut.name, global_start_time=_time(0, cut.rate))
    told = {"language": cut.language, "source_language": cut.source_language, "rate": str(cut.rate)}
    timeline.metadata["localclip"] = told
    stack, video, audio = timeline.tracks, otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio
    whole = _clip("Picture", cut.picture, Frames(0, cut.picture_frames), cut.rate)
    stack.append(_track("Picture", video, [(Frames(0, cut.picture_frames), whole)], cut.rate))
    if cut.original:
        frames = Frames(0, cut.original_frames)
        clip = _clip("Original", cut.original, frames, cut.rate)
        stack.append(_track(f"Original ({cut.source_language})", audio, [(frames, clip)], cut.rate))
    for name, takes in _lanes(cut.takes, cut.speakers):
        clips = [(take.frames, _spoken(take, cut)) for take in takes]
        stack.append(_track(name, audio, clips, cut.rate))
    for line in cut.lines:
        if reasons := cut.review.get(line.segment_id):
            stack.markers.append(_worth_a_look(line, reasons, cut.rate))
    return str(timeline.to_json_string(indent=2))


def _lanes(takes: Iterable[TakeClip], names: Mapping[str, str]) -> list[tuple[str, list[TakeClip]]]:
    """The takes of each speaker in order of appearance; what would overlap on one track goes to a second one."""
    lanes: dict[str, list[list[TakeClip]]] = {}
    for take in sorted(takes, key=lambda one: one.frames):
        own = lanes.setdefault(take.line.speaker_id, [])
        free = next((lane for lane in own if lane[-1].frames.end <= take.frames.first), None)
        if free is None:
            own.append([take])
        else:
            free.append(take)
    return [
        (names.get(speaker, speaker) + (f" ({number})" if number > 1 else ""), lane)
        for speaker, own in lanes.items()
        for number, lane in enumerate(own, 1)
    ]


def _track(name: str, kind: str, clips: Iterable[tuple[Frames, otio.schema.Clip]], rate: Fraction) -> otio.schema.Track:
    track, at = otio.schema.Track(name, kind=kind), 0
    for frames, clip in clips:
        if frames.first > at:
            track.append(otio.schema.Gap(source_range=_range(Frames(0, frames.first - at), rate)))
        track.append(clip)
        at = frames.end
    return track


def _clip(name: str, file: str, frames: Frames, rate: Fraction) -> otio.schema.Clip:
    own = _range(Frames(0, frames.count), rate)
    media = otio.schema.ExternalReference(target_url=quote(file), available_range=own)
    return otio.schema.Clip(name, media_reference=media, source_range=own)


def _spoken(take: TakeClip, cut: Cut) -> otio.schema.Clip:
    """A take, with its text in its name, in a marker, and in full in metadata that programs keep but do not show."""
    line = take.line
    clip = _clip(f"{line.segment_id} {line.text[:_TITLE]}".strip(), take.file, take.frames, cut.rate)
    clip.metadata["localclip"] = {
        "segment_id": line.segment_id,
        "speaker": cut.speakers.get(line.speaker_id, line.speaker_id),
        "text": line.text,
        "source_text": line.source_text,
        "state": str(line.state),
        "fit": line.fit,
        "speed": line.speed,
    }
    clip.markers.append(
        otio.schema.Marker(
            name=line.segment_id,
            marked_range=_range(Frames(0, take.frames.count), cut.rate),
            color=otio.schema.MarkerColor.GREEN,
            comment=line.text,
        )
    )
    return clip


def _worth_a_look(line: TimelineLine, reasons: Sequence[str], rate: Fraction) -> otio.schema.Marker:
    frames = frames_of(round(line.start_s * RATE_HZ), round(line.end_s * RATE_HZ), rate)
    return otio.schema.Marker(
        name=f"Review {line.segment_id}",
        marked_range=_range(frames, rate),
        color=otio.schema.MarkerColor.RED,
        comment=f"{'; '.join(reasons)}: {line.text}",
        metadata={"localclip": {"segment_id": line.segment_id, "reasons": list(reasons)}},
    )


def _range(frames: Frames, rate: Fraction) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(frames.first, rate), _time(frames.count, rate))


def _time(frame: int, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frame, float(rate))
