"""Speech activity with Silero VAD, whose weights come in faster-whisper's wheel."""

from importlib.metadata import version

from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

from services.diarizer.engines.base import Report, Span
from services.diarizer.recording import SPEECH_RATE_HZ, Recording
from shared.messaging import EngineInfo
from shared.pipeline import Stage

_BLOCK_S = 60.0
_LEAD_S = 1.0  # the network starts without memory, so every block begins a little early
_JOIN_S = 0.05
_OPTIONS = VadOptions(
    # The defaults of the wheel merge whatever is less than 2 s apart; turns need the short pauses.
    threshold=0.5,
    neg_threshold=0.3,
    min_silence_duration_ms=200,
    min_speech_duration_ms=50,
    speech_pad_ms=30,
)


class SileroActivity:
    """Silero VAD 6 on the CPU, in blocks of a minute."""

    def __init__(self) -> None:
        get_vad_model()  # loaded now, before the worker says that it is ready

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return EngineInfo(
            stage=Stage.DIARIZATION,
            port="voice_activity",
            name="silero-vad",
            version=f"6 (faster-whisper {version('faster-whisper')})",
            licence="MIT",
            commercial_use=True,
        )

    def speech(self, recording: Recording, report: Report) -> list[Span]:
        """Find speech block by block; stretches that meet at a block's edge are joined."""
        found: list[Span] = []
        for start_s, end_s in recording.blocks(_BLOCK_S):
            report(start_s / recording.duration_s)
            for span in _block(recording, start_s, end_s):
                if found and span.start_s - found[-1].end_s < _JOIN_S:
                    found[-1] = Span(found[-1].start_s, max(span.end_s, found[-1].end_s))
                else:
                    found.append(span)
        report(1.0)
        return found


def _block(recording: Recording, start_s: float, end_s: float) -> list[Span]:
    lead_s = max(0.0, start_s - _LEAD_S)
    stamps = get_speech_timestamps(recording.read(lead_s, end_s), _OPTIONS, SPEECH_RATE_HZ)
    spans = (
        Span(max(start_s, lead_s + stamp["start"] / SPEECH_RATE_HZ), min(end_s, lead_s + stamp["end"] / SPEECH_RATE_HZ))
        for stamp in stamps
    )
    return [span for span in spans if span.duration_s > 0]
