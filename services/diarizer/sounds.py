"""From a file to the audio that is listened to: every track decoded once, speech measured, a choice made."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.diarizer.choice import Choice, Measured, choose, preferred, wanted_tracks
from services.diarizer.engines import Report, Span, VoiceActivity
from services.diarizer.ffmpeg import CLIP_RATE_HZ, Sound, Track, Video, extract_clips, extract_sound
from services.diarizer.levels import gain_to_find, gain_to_understand
from services.diarizer.products import Sounds
from services.diarizer.recording import Recording
from services.diarizer.waveform import peaks
from shared.observability import logger
from shared.pipeline import CancelToken
from shared.transcript import MediaFacts

SILENT_PEAK = 0.001  # -60 dBFS
_TRACE = 0.05
"""Share of a track's peak below which the difference of its channels is ignored."""
_FOUND = 0.8  # of the work of finding speech, when it is measured on every track

log = logger(__name__)


@dataclass(frozen=True)
class Listened:
    """What is listened to: its sound, its speech, its outline; `silent` if no track has any sound."""

    sounds: Sounds
    speech: Sequence[Span]
    outline: Sequence[float]
    facts: MediaFacts
    silent: bool
    note: str | None


class Ears:
    """Extracts the audio of one video and chooses which part of it is listened to."""

    def __init__(self, video: Video, folder: Path, activity: VoiceActivity, cancel: CancelToken) -> None:
        self._video, self._folder, self._activity, self._cancel = video, folder, activity, cancel
        self._silent = True

    def listen(self, spoken: str | None, wanted: str | None, extracting: Report, finding: Report) -> Listened:
        """`spoken` is the requested language, `wanted` the tracks that a person chose.

        Raises:
            PermanentError: `media_unreadable` for a damaged file, `media_unsupported` for a track that does not exist.
        """
        tracks = self._video.facts.audio_tracks
        unheard = [Measured(facts) for facts in tracks]
        expected = wanted_tracks(unheard, wanted)[0].facts if wanted else preferred(tracks, spoken)
        sound = extract_sound(self._video, self._folder, expected.number, self._cancel, extracting)
        measured = []
        for number, track in enumerate(sound.tracks):
            measured.append(self._measure(track, _part(finding, number, len(sound.tracks))))
        choice = choose(measured, spoken, wanted)
        log.info("tracks_chosen", tracks=[one.facts.number for one in choice.tracks], of=len(tracks))
        return self._together(sound, measured, choice, lambda part: finding(_FOUND + (1 - _FOUND) * part))

    def _measure(self, track: Track, report: Report) -> Measured:
        facts = self._video.facts.audio_tracks[track.number - 1]
        mid, loudest = self._find(Recording(track.mid), SILENT_PEAK, report)
        if track.side is None:
            return Measured(facts, mid)
        side, _ = self._find(Recording(track.side), max(SILENT_PEAK, _TRACE * loudest), report)
        return Measured(facts, mid, side)

    def _find(self, recording: Recording, least: float, report: Report) -> tuple[list[Span], float]:
        """When speech is heard, and the loudest sample; anything below `least` is silence."""
        outline = peaks(recording, lambda _: self._cancel.check())
        loudest = max(outline, default=0.0)
        if loudest < least:
            return [], loudest
        self._silent = False
        return self._activity.speech(recording.leveled(gain_to_find(outline)), report), loudest

    def _together(self, sound: Sound, measured: Sequence[Measured], choice: Choice, report: Report) -> Listened:
        chosen = {track.facts.number: track for track in choice.tracks}
        pieces = [
            (track, part) for track in sound.tracks if track.number in chosen for part in chosen[track.number].parts
        ]
        recording = Recording([track.part(part) for track, part in pieces])
        outline = peaks(recording, lambda _: self._cancel.check())
        if len(pieces) == 1:
            speech = choice.tracks[0].speech
        else:
            speech = self._activity.speech(recording.leveled(gain_to_find(outline)), report)
        gain = gain_to_understand(recording, speech)
        if gain > 1:
            log.info("quiet_sound_raised", factor=round(gain, 1))
        clips = Recording(self._clips(sound, pieces), CLIP_RATE_HZ, gain)
        tracks = tuple(
            one.facts.model_copy(
                update={"speech_s": round(one.speech_s, 3), "listened": bool(speech) and one.facts.number in chosen}
            )
            for one in measured
        )
        facts = self._video.facts.model_copy(update={"audio_tracks": tracks})
        return Listened(Sounds(recording.leveled(gain), clips), speech, outline, facts, self._silent, choice.note)

    def _clips(self, sound: Sound, pieces: Sequence[tuple[Track, str]]) -> list[Path]:
        """The same sound for cutting clips from; decoded again only if the choice was unexpected."""
        paths = []
        for track, part in pieces:
            if track.number == sound.clips_of and part == "mid":
                paths.append(sound.clips)
            else:
                target = self._folder / f"clips{track.number}.{part}.pcm"
                paths.append(extract_clips(self._video, track.number, part, target, self._cancel))
        return paths


def _part(report: Report, number: int, count: int) -> Report:
    """Report fractions of one track as fractions of what is done for all."""
    return lambda fraction: report(_FOUND * (number + fraction) / count)
