"""Which audio tracks of a file are listened to: pure decisions based on the speech measured on each.

The track that the file marks as default, or that of the requested language, is listened to unless it has less than a
fifth of the speech of another. Commentary and audio description are never chosen automatically. Tracks with speech at
other times than the chosen one, such as two microphones of one recording, are heard together with it; those in another
language are not, since they repeat the same content.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.diarizer.engines import Span
from shared.pipeline import ErrorCode, PermanentError, language, language_of_tag
from shared.transcript import AudioTrackFacts

_LESS = 0.2
"""Share of the speech of another track below which a track is skipped."""
_OWN_S, _OWN_SHARE = 1.0, 0.5
"""Speech at other times, and its share in all speech of a track, from which on a track counts as having other
content."""


@dataclass(frozen=True)
class Measured:
    """An audio track and when speech is heard on it: in what both channels share (`mid`) and in their difference."""

    facts: AudioTrackFacts
    mid: Sequence[Span] = ()
    side: Sequence[Span] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Which parts of it to listen to. Both parts together are the left channel."""
        if seconds(self.mid) < _LESS * seconds(self.side):
            return ("side",)
        return ("mid", "side") if _says_more(self.side, self.mid) else ("mid",)

    @property
    def speech(self) -> Sequence[Span]:
        """When speech is heard in those parts."""
        return joined(*(getattr(self, part) for part in self.parts))

    @property
    def speech_s(self) -> float:
        """How much that is."""
        return seconds(self.speech)


@dataclass(frozen=True)
class Choice:
    """The tracks to listen to, and a note for a person, if necessary."""

    tracks: tuple[Measured, ...]
    note: str | None = None


def choose(tracks: Sequence[Measured], spoken: str | None, wanted: str | None = None) -> Choice:
    """Choose among `tracks`, of which there is at least one; `spoken` is the requested language.

    `wanted` names tracks by their numbers (`2`, `1+2`) and takes precedence.

    Raises:
        PermanentError: `media_unsupported` for a wanted track that does not exist.
    """
    if wanted:
        return Choice(wanted_tracks(tracks, wanted))
    eligible = [track for track in tracks if track.facts.aside is None] or list(tracks)
    first = _preferred(eligible, spoken)
    most = max(eligible, key=lambda track: track.speech_s)
    chosen = [most if first.speech_s < _LESS * most.speech_s else first]
    for track in eligible:
        if track not in chosen and _belongs(track, chosen):
            chosen.append(track)
    chosen.sort(key=lambda track: track.facts.number)
    if not any(track.speech_s for track in chosen):
        return Choice(tuple(chosen), _only_aside(tracks))
    return Choice(tuple(chosen), _note(tracks, chosen, first))


def wanted_tracks(tracks: Sequence[Measured], wanted: str) -> tuple[Measured, ...]:
    """The tracks that `wanted` names. Raises: PermanentError, `media_unsupported` if one does not exist."""
    numbers = sorted({int(number) for number in wanted.split("+")})
    by_number = {track.facts.number: track for track in tracks}
    missing = [number for number in numbers if number not in by_number]
    if missing:
        there = f"only {len(tracks)}" if len(tracks) > 1 else "only one"
        raise PermanentError(
            ErrorCode.MEDIA_UNSUPPORTED,
            f"audio_track asks for track {missing[0]}, but the file has {there}; change it, or leave it out",
        )
    return tuple(by_number[number] for number in numbers)


def preferred(tracks: Sequence[AudioTrackFacts], spoken: str | None) -> AudioTrackFacts:
    """The track that is listened to unless the measured speech speaks against it."""
    measured = [Measured(track) for track in tracks]
    return _preferred([track for track in measured if track.facts.aside is None] or measured, spoken).facts


def _preferred(tracks: Sequence[Measured], spoken: str | None) -> Measured:
    def rank(track: Measured) -> tuple[bool, bool, int]:
        same = spoken is not None and language_of_tag(track.facts.language) == spoken
        return not same, not track.facts.default, track.facts.number

    return min(tracks, key=rank)


def _belongs(track: Measured, chosen: Sequence[Measured]) -> bool:
    """Whether `track` has other content than those already chosen, not the same in another language."""
    languages = {language_of_tag(one.facts.language) for one in (track, *chosen)} - {None}
    return len(languages) < 2 and _says_more(track.speech, joined(*(one.speech for one in chosen)))


def _says_more(speech: Sequence[Span], known: Sequence[Span]) -> bool:
    own_s = seconds(speech) - shared_s(speech, known)
    return own_s >= _OWN_S and own_s >= _OWN_SHARE * seconds(speech)


def seconds(spans: Sequence[Span]) -> float:
    """Length of spans that do not overlap."""
    return sum(span.duration_s for span in spans)


def joined(*lists: Sequence[Span]) -> list[Span]:
    """When anything of `lists` is heard."""
    found: list[Span] = []
    for span in sorted((span for spans in lists for span in spans), key=lambda span: span.start_s):
        if found and span.start_s <= found[-1].end_s:
            found[-1] = Span(found[-1].start_s, max(found[-1].end_s, span.end_s))
        else:
            found.append(span)
    return found


def shared_s(one: Sequence[Span], other: Sequence[Span]) -> float:
    """Seconds covered by both; each in time order, without overlaps."""
    return seconds(one) + seconds(other) - seconds(joined(one, other))


def _note(tracks: Sequence[Measured], chosen: Sequence[Measured], first: Measured) -> str | None:
    """A note on what was listened to if there was a choice, and why no other track was; names every one with speech."""
    notes = []
    if len(tracks) > 1:
        names = " and ".join(named(track.facts) for track in chosen)
        together = ", together: each has speech of its own" if len(chosen) > 1 else ""
        notes.append(f"Listened to audio {names}{together}.")
        left = [track for track in tracks if track not in chosen]
        notes += [_left_out(track, track is first) for track in left]
        if any(track.speech_s for track in left):
            notes.append("Set audio_track to listen to another.")
    if any("side" in track.parts for track in chosen):
        notes.append("Its stereo channels are out of phase; what cancels in mono was listened to as well.")
    return " ".join(notes) or None


def _left_out(track: Measured, was_first: bool) -> str:
    name = named(track.facts)
    name = name[0].upper() + name[1:]
    if not track.speech_s:
        return f"{name} has no speech."
    if track.facts.aside:
        return f"{name} has {track.speech_s:.0f} s of speech and is marked as {track.facts.aside}."
    if was_first:
        return f"{name} has {track.speech_s:.0f} s of speech, far less."
    return f"{name} has {track.speech_s:.0f} s of speech, too."


def _only_aside(tracks: Sequence[Measured]) -> str | None:
    found = [track for track in tracks if track.speech_s]
    if not found:
        return None
    names = " and ".join(f"{named(track.facts)} ({track.facts.aside})" for track in found)
    return f"Speech was found only on audio {names}: set audio_track to dub it."


def named(facts: AudioTrackFacts) -> str:
    """A track as a note calls it."""
    code = language_of_tag(facts.language)
    told = [language(code).name if code else facts.language, facts.title]
    inside = ", ".join(part for part in told if part)
    return f"track {facts.number} ({inside})" if inside else f"track {facts.number}"
