"""How pyannote.audio is loaded: from a folder, without telemetry, on the device the settings name."""

import os
from pathlib import Path
from typing import Any

from services.diarizer.settings import DiarizerSettings
from shared.inference import torch_device
from shared.models import Model, ModelSettings, catalogued, find_model
from shared.pipeline import ErrorCode, PermanentError

ALIKE = 0.75
"""Cosine from which on two voices count as one.

The threshold its authors tuned for pipeline 3.1 with this embedding, a distance of 0.7046 between unit vectors
(https://huggingface.co/pyannote/speaker-diarization-3.1, config.yaml), as a cosine. Not measured here.
"""
QUIET = {"PYANNOTE_METRICS_ENABLED": "0", "HF_HUB_OFFLINE": "1"}
"""Needed because telemetry is on by default, and a configuration that names a model of the hub would fetch it."""


def folder_of(settings: DiarizerSettings, models: ModelSettings) -> Path:
    """The folder of the pipeline. Raises: PermanentError, `engine_unavailable`."""
    return find_model(settings.diarizer_model, models)


def weights_of(settings: DiarizerSettings) -> Model | None:
    """What is known about the weights."""
    return catalogued(settings.diarizer_model)


def import_audio() -> Any:
    """The module pyannote.audio, its telemetry switched off.

    Raises:
        PermanentError: `engine_unavailable` when it is not installed, with the command that installs it.
    """
    os.environ.update(QUIET)
    try:
        import pyannote.audio
    except ImportError as error:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"pyannote.audio cannot be loaded ({error}): pip install 'localclip[pyannote]', or set "
            "LOCALCLIP_DIARIZER=clustering and LOCALCLIP_EMBEDDER=ge2e",
        ) from error
    return pyannote.audio


def load_pipeline(folder: Path, device: Any) -> Any:
    """The diarization pipeline in `folder`. Raises: PermanentError, `engine_unavailable`."""
    audio = import_audio()
    from pyannote.audio.pipelines import SpeakerDiarization

    try:
        pipeline = audio.Pipeline.from_pretrained(folder)
        if isinstance(pipeline, SpeakerDiarization):
            pipeline.legacy = False  # otherwise it omits embeddings and exclusive turns
            return pipeline.to(device)
    except Exception as error:  # files are broken in as many ways as there are libraries that read them
        raise _broken(folder, error) from error
    raise _broken(folder, TypeError(f"{type(pipeline).__name__} is no pipeline for speaker diarization"))


def load_embedding(folder: Path, device: Any) -> Any:
    """The embedding model of the pipeline in `folder`, one vector for a whole sound. Raises: PermanentError."""
    audio = import_audio()
    try:
        model = audio.Model.from_pretrained(folder / "embedding")
        return audio.Inference(model, window="whole", device=device)
    except Exception as error:
        raise _broken(folder, error) from error


def device_of(models: ModelSettings) -> Any:
    """The device of torch that `models` name. Raises: PermanentError, `engine_unavailable`."""
    import_audio()
    import torch

    return torch.device(torch_device(models.device))


def _broken(folder: Path, error: Exception) -> PermanentError:
    return PermanentError(
        ErrorCode.ENGINE_UNAVAILABLE, f"the pipeline of pyannote.audio in {folder} cannot be loaded: {error}"
    )
