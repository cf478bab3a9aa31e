"""What a run of the diarizer stores."""

import json
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.diarizer.engines import Report, Span, Turn, VoiceEmbedder
from services.diarizer.ffmpeg import Video, write_poster
from services.diarizer.known import described
from services.diarizer.profiles import measure
from services.diarizer.recording import Recording
from services.diarizer.waveform import peaks_document
from shared.messaging import CastVoice, DiarizeVideo, JobContext
from shared.observability import logger
from shared.storage import keys, put_bytes, put_file
from shared.transcript import Speaker, Transcript

log = logger(__name__)


@dataclass(frozen=True)
class Sounds:
    """The audio track for listening and, better, for cutting clips from."""

    speech: Recording
    clips: Recording


class Products:
    """Writes the products of one job under its attempt."""

    def __init__(self, job: DiarizeVideo, context: JobContext, embedder: VoiceEmbedder) -> None:
        self._job, self._context, self._embedder = job, context, embedder

    def peaks(self, outline: Sequence[float], duration_s: float) -> None:
        """Store `peaks.json`; see `peaks_document`."""
        document = json.dumps(peaks_document(outline, duration_s), separators=(",", ":"))
        put_bytes(self._context.store, self._key("peaks.json"), document.encode())

    def poster(self, video: Video) -> None:
        """Store `poster.jpg`, if a picture can be decoded."""
        poster = write_poster(video, self._context.workdir, self._context.cancel)
        if poster is None:
            log.warning("no_poster", codec=video.facts.video_codec)
            return
        put_file(self._context.store, self._key("poster.jpg"), poster)

    def transcript(self, transcript: Transcript) -> str:
        """Store `transcript.json` and return its key."""
        key = self._key("transcript.json")
        put_bytes(self._context.store, key, transcript.model_dump_json().encode())
        return key

    def speakers(
        self, sounds: Sounds | None, turns: Sequence[Turn], speaker_ids: dict[int, str], report: Report
    ) -> tuple[Speaker, ...]:
        """Measure the speakers that have lines, in their order, and store `speakers/<id>.wav` for each."""
        speakers = []
        for position, (speaker, speaker_id) in enumerate(speaker_ids.items()):
            report(position / len(speaker_ids))
            named = Speaker(id=speaker_id, name=f"Speaker {position + 1}")
            speakers.append(self._measured(named, sounds, turns, speaker) if sounds else named)
        return tuple(speakers)

    def cast(self, report: Report) -> tuple[CastVoice, ...]:
        """The people of the job's cast who have to be described again to be recognized among the speakers."""
        return described(self._job.cast, self._embedder, self._context, report)

    def _measured(self, named: Speaker, sounds: Sounds, turns: Sequence[Turn], speaker: int) -> Speaker:
        profile = measure(sounds.speech, turns, speaker, self._context.cancel.check)
        check = self._context.cancel.check
        embedding = self._embedder.embed(sounds.speech, profile.measured, lambda _: check())
        speech_s = sum(turn.duration_s for turn in turns if turn.speaker == speaker)
        return Speaker(
            id=named.id,
            name=named.name,
            f0_hz=profile.f0_hz,
            speech_s=round(speech_s, 3),
            reference_key=self._clip(sounds.clips, profile.clip, named.id),
            embedding=embedding,
            embedding_model=self._embedder.model if embedding else None,
            same_voice=self._embedder.same_voice if embedding else None,
        )

    def _clip(self, recording: Recording, clip: Sequence[Span], speaker_id: str) -> str | None:
        """Store the stretches of `clip` one after the other; None if there is nothing to clone from."""
        if not clip:
            return None
        path = self._context.workdir / f"{speaker_id}.wav"
        _write_wav(path, recording, clip)
        key = self._key(f"speakers/{speaker_id}.wav")
        put_file(self._context.store, key, path)
        return key

    def _key(self, name: str) -> str:
        return keys.processed(self._job.task_id, self._job.attempt, name)


def _write_wav(path: Path, recording: Recording, spans: Sequence[Span]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(recording.sample_rate_hz)
        for span in spans:
            file.writeframes(recording.pcm(span.start_s, span.end_s).tobytes())
