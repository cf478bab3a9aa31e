"""Demucs as the separator (https://github.com/adefossez/demucs, code and released weights under MIT).

The background is the original minus the vocals Demucs finds, not the sum of its other stems: what it does not consider
a voice is kept unchanged.
"""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from services.exporter.engines.base import Report
from services.exporter.loudness import Samples
from shared.inference import GpuLease, torch_device, weights_digest
from shared.messaging import EngineInfo
from shared.models import ModelSettings, catalogued, find_model
from shared.pipeline import CancelToken, ErrorCode, PermanentError, Stage

if TYPE_CHECKING:
    import torch

_OVERLAP = 0.25
_LONGEST_S = 12.0
"""Longest piece given to a model at once; those without a transformer would take a whole song."""
_INSTALL = "install it with: pip install 'localclip[separator]', or set LOCALCLIP_SEPARATOR=none"


class DemucsSeparator:
    """A Demucs model or bag of models, loaded once."""

    def __init__(self, model: str, models: ModelSettings) -> None:
        try:
            import torch
            from demucs.apply import apply_model
            from demucs.pretrained import get_model
            from demucs.repo import ModelLoadingError
        except ImportError as error:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE, f"the separator Demucs is not installed ({error}); {_INSTALL}"
            ) from error
        folder = find_model(model, models)
        name = _name_in(folder)
        try:
            self._net: Any = get_model(name, folder)
        except (ModelLoadingError, OSError) as error:
            raise PermanentError(
                ErrorCode.ENGINE_UNAVAILABLE, f"the Demucs model '{name}' in {folder} cannot be loaded: {error}"
            ) from error
        if "vocals" not in self._net.sources:
            raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"the Demucs model '{name}' does not find vocals")
        self._torch, self._apply = torch, apply_model
        self._device = torch_device(models.device)
        self._lease = GpuLease(models.gpu_lease, self._device)
        self._vocals: int = self._net.sources.index("vocals")
        self._model = f"{model if catalogued(model) else name}-{weights_digest(self._net)}"

    @property
    def info(self) -> EngineInfo:
        """Demucs and its model."""
        return EngineInfo(
            stage=Stage.EXPORT,
            port="separator",
            name="demucs",
            version=f"{version('demucs')} {self._model}",
            licence="MIT",
            commercial_use=True,
        )

    @property
    def model(self) -> str:
        """Name and fingerprint of the weights."""
        return self._model

    @property
    def rate_hz(self) -> int:
        """44.1 kHz in every model released."""
        return int(self._net.samplerate)

    def background(self, mix: Samples, cancel: CancelToken, report: Report) -> Iterator[Samples]:
        """See `Separator.background`: pieces overlap by a quarter and fade into each other."""
        mean, spread = _statistics(mix)
        nets = getattr(self._net, "models", (self._net,))  # a bag has none itself
        size = int(self.rate_hz * min(_LONGEST_S, *(float(net.segment) for net in nets)))
        stride = int(size * (1 - _OVERLAP))
        ramp = np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1)).astype(np.float32)[:, None]
        vocals, weights = np.zeros((size, 2), np.float32), np.zeros((size, 1), np.float32)
        for start in range(0, len(mix), stride):
            cancel.check()
            report(start / len(mix))
            piece = np.asarray(mix[start : start + size])
            with self._lease.hold(cancel):
                found = self._find_vocals((piece - mean) / spread) * spread
            vocals[: len(piece)] += ramp[: len(piece)] * found
            weights[: len(piece)] += ramp[: len(piece)]
            ready = min(stride, len(piece))
            yield piece[:ready] - vocals[:ready] / weights[:ready]
            vocals = np.concatenate([vocals[stride:], np.zeros((stride, 2), np.float32)])
            weights = np.concatenate([weights[stride:], np.zeros((stride, 1), np.float32)])

    def _find_vocals(self, piece: Samples) -> Samples:
        sound: torch.Tensor = self._torch.from_numpy(np.ascontiguousarray(piece.T))[None]
        stems = self._apply(self._net, sound, shifts=0, split=False, device=self._device)
        found: Samples = stems[0, self._vocals].cpu().numpy().T
        return found


def _name_in(folder: Path) -> str:
    """Demucs' name for the model in `folder`: that of its bag, or the signature of its weights."""
    found = [path.stem for path in sorted(folder.glob("*.yaml"))]
    found = found or [path.stem.partition("-")[0] for path in sorted(folder.glob("*.th"))]
    if len(found) != 1:
        what = f"{len(found)} Demucs models ({', '.join(found)})" if found else "no Demucs model (.th or .yaml)"
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"{what} in {folder}, where one should be")
    return found[0]


def _statistics(mix: Samples) -> tuple[float, float]:
    """Mean and spread of the mono mix, to which Demucs' input is normalized; computed in pieces, as it is long."""
    piece, total, squares = 1 << 20, 0.0, 0.0
    for start in range(0, len(mix), piece):
        mono = np.asarray(mix[start : start + piece]).mean(axis=1, dtype=np.float64)
        total, squares = total + float(mono.sum()), squares + float(np.dot(mono, mono))
    mean = total / max(1, len(mix))
    return mean, max(1e-8, float(np.sqrt(max(0.0, squares / max(1, len(mix)) - mean**2))))
