"""Distinguish speakers, and describe their voices, with pyannote.audio and a pipeline in a folder."""

import threading
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np

from services.diarizer.engines._pyannote import (
    ALIKE,
    device_of,
    folder_of,
    load_embedding,
    load_pipeline,
    weights_of,
)
from services.diarizer.engines._windows import Bounds, Local, Vector, same_speakers, windows_of
from services.diarizer.engines.base import Report, Span, Turn
from services.diarizer.recording import SPEECH_RATE_HZ, Recording, Samples
from services.diarizer.settings import DiarizerSettings
from shared.inference import GpuLease, SafeSize, memory_release, weights_digest
from shared.messaging import EngineInfo
from shared.models import Model, ModelSettings
from shared.observability import logger
from shared.pipeline import Stage

_STEPS = {"segmentation": (0.0, 0.3), "embeddings": (0.3, 1.0)}  # of the work; the other steps take no time
_BATCH = 32
_PIECE_S, _SHORTEST_S, _LONGEST_S = 10.0, 0.5, 60.0
log = logger(__name__)


class PyannoteDiarizer:
    """Exclusive diarization, in windows if the recording is long, since memory grows with what is processed at once."""

    def __init__(self, settings: DiarizerSettings, models: ModelSettings) -> None:
        folder = folder_of(settings, models)
        device = device_of(models)
        self._pipeline = load_pipeline(folder, device)
        self._info = _info("diarizer", folder.name, weights_of(settings))
        self._longest_s = settings.diarizer_window_s
        self._bounds = Bounds(settings.min_speakers, settings.max_speakers)
        self._batch = SafeSize(_BATCH, memory_release(str(device)))
        self._lease = GpuLease(models.gpu_lease, str(device))
        self._lock = threading.Lock()
        self._run(np.zeros(SPEECH_RATE_HZ, np.float32), Bounds(), _unheard)  # warm up

    @property
    def info(self) -> EngineInfo:
        """What this engine is: the licence is that of the weights, which is unknown for those given by path."""
        return self._info

    def turns(
        self, recording: Recording, speech: Sequence[Span], num_speakers: int | None, report: Report
    ) -> list[Turn]:
        """Diarize window by window and match the speakers; if it hears nobody, `speech` is one speaker's."""
        bounds = Bounds.exactly(num_speakers) if num_speakers else self._bounds
        windows = windows_of(speech, recording.duration_s, self._longest_s)
        # A single window need not contain everybody; only all of them together do.
        within = bounds if len(windows) == 1 else Bounds(1, bounds.most)
        turns: list[tuple[Local, Span]] = []
        vectors: dict[Local, Vector] = {}
        for number, window in enumerate(windows):
            share = _part_of(report, number, len(windows))
            output = self._run(recording.read(window.start_s, window.end_s), within, share)
            found, voices = _read(output, window.start_s)
            turns += [((number, who), span) for who, span in found]
            vectors |= {(number, who): vector for who, vector in voices.items()}
        report(1.0)
        if not turns:
            log.warning("no_speaker_heard", speech_s=round(sum(span.duration_s for span in speech), 1))
            return [Turn(span.start_s, span.end_s, 0) for span in speech]
        return _numbered(turns, vectors, bounds if len(windows) > 1 else None)

    def _run(self, samples: Samples, bounds: Bounds, report: Report) -> Any:
        import torch

        file = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SPEECH_RATE_HZ, "uri": "recording"}

        def hook(step: str, _: Any, total: int | None = None, completed: int | None = None, **_kwargs: Any) -> None:
            if step in _STEPS:
                first, last = _STEPS[step]
                # a batch that is not full counts as full
                report(first + (last - first) * (min(1.0, (completed or 0) / total) if total else 1.0))

        def attempt(size: int) -> Any:
            self._pipeline.segmentation_batch_size = self._pipeline.embedding_batch_size = size
            return self._pipeline(file, min_speakers=bounds.fewest, max_speakers=bounds.most, hook=hook)

        with self._lock, self._lease.hold():
            return self._batch.run(attempt)


class PyannoteEmbedder:
    """The embedding model of the same pipeline: it recognizes a voice in any language, so it can judge takes."""

    same_voice = ALIKE

    def __init__(self, settings: DiarizerSettings, models: ModelSettings) -> None:
        folder = folder_of(settings, models)
        device = device_of(models)
        self._inference = load_embedding(folder, device)
        self._info = _info("embedder", folder.name, weights_of(settings)).model_copy(update={"judges_takes": True})
        self._model = f"pyannote-{weights_digest(self._inference.model)}"
        self._lease = GpuLease(models.gpu_lease, str(device))
        self._lock = threading.Lock()
        self._vector(np.zeros(SPEECH_RATE_HZ, np.float32))  # warm up

    @property
    def info(self) -> EngineInfo:
        """What this engine is."""
        return self._info

    @property
    def model(self) -> str:
        """The weights, by their hash."""
        return self._model

    def embed(self, recording: Recording, spans: Sequence[Span], report: Report) -> tuple[float, ...] | None:
        """The mean over pieces of `spans`, at most a minute of them; None for less than half a second."""
        total: Vector | None = None
        pieces = _pieces(spans)
        for number, piece in enumerate(pieces):
            report(number / len(pieces))
            vector = self._vector(recording.read(piece.start_s, piece.end_s))
            if not np.isfinite(vector).all() or not vector.any():
                continue
            weighted = piece.duration_s * vector / np.linalg.norm(vector)
            total = weighted if total is None else total + weighted
        if total is None:
            return None
        return tuple(round(float(value), 5) for value in total / np.linalg.norm(total))

    def _vector(self, samples: Samples) -> Vector:
        import torch

        file = {"waveform": torch.from_numpy(samples)[None], "sample_rate": SPEECH_RATE_HZ}
        with self._lock, self._lease.hold():
            return np.asarray(self._inference(file), dtype=np.float64)


def _info(port: str, model: str, weights: Model | None) -> EngineInfo:
    return EngineInfo(
        stage=Stage.DIARIZATION,
        port=port,
        name="pyannote.audio",
        version=f"{version('pyannote.audio')} ({model})",
        licence=weights.licence if weights else "unknown",
        commercial_use=weights.commercial_use if weights else False,
    )


def _read(output: Any, from_s: float) -> tuple[list[tuple[int, Span]], dict[int, Vector]]:
    """Exclusive turns and the voices of their speakers, from what the pipeline returns of a window."""
    labels = output.speaker_diarization.labels()
    turns = [
        (labels.index(label), Span(from_s + float(segment.start), from_s + float(segment.end)))
        for segment, _, label in output.exclusive_speaker_diarization.itertracks(yield_label=True)
    ]
    vectors = {number: np.asarray(vector, np.float64) for number, vector in enumerate(output.speaker_embeddings)}
    return sorted(turns, key=lambda turn: turn[1].start_s), vectors


def _numbered(turns: Sequence[tuple[Local, Span]], vectors: dict[Local, Vector], bounds: Bounds | None) -> list[Turn]:
    """Turns with the speakers' numbers over all windows; `bounds` None: there is one window, and they are unchanged."""
    spoken: dict[Local, float] = {}
    for local, span in turns:
        spoken[local] = spoken.get(local, 0.0) + span.duration_s
    if bounds is None:
        numbers = {local: number for number, local in enumerate(spoken)}
    else:
        numbers = same_speakers({local: (vectors[local], spoken[local]) for local in spoken}, ALIKE, bounds)
    return [Turn(round(span.start_s, 3), round(span.end_s, 3), numbers[local]) for local, span in turns]


def _pieces(spans: Sequence[Span]) -> list[Span]:
    """`spans` in equal pieces of at most ten seconds, without slivers, a minute in all."""
    pieces: list[Span] = []
    left_s = _LONGEST_S
    for span in spans:
        end_s = min(span.end_s, span.start_s + left_s)
        if end_s - span.start_s < _SHORTEST_S:
            continue
        count = int(np.ceil((end_s - span.start_s) / _PIECE_S))
        bounds = np.linspace(span.start_s, end_s, count + 1)
        pieces += [Span(float(first), float(last)) for first, last in pairwise(bounds)]
        left_s -= end_s - span.start_s
    return pieces


def _part_of(report: Report, number: int, count: int) -> Report:
    return lambda part: report((number + part) / count)


def _unheard(_: float) -> None:
    """Progress of warming up, which nobody waits for."""
