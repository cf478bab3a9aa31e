"""A pipeline of pyannote.audio in a folder, laid out as community-1 is, with random weights; built in 30 ms."""

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC
from pyannote.audio.models.segmentation import PyanNet

DIMENSION, _LATENT = 32, 16
_LIVELY = 20.0  # times the weights of the classifier: else nobody ever speaks
_MODELS = {"segmentation": "$model/segmentation", "embedding": "$model/embedding", "plda": "$model/plda"}
_CONFIG: dict[str, Any] = {
    "dependencies": {"pyannote.audio": "4.0.0"},
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            **_MODELS,
            "clustering": "VBxClustering",
            "segmentation_step": 0.5,
            "segmentation_batch_size": 32,
            "embedding_batch_size": 32,
            "embedding_exclude_overlap": True,
        },
    },
    "params": {
        "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
        "segmentation": {"min_duration_off": 0.0},
    },
}


def build_pipeline(folder: Path, seed: int = 0, *, silent: bool = False) -> Path:
    """Write a pipeline into `folder` and return it; a `silent` one never hears anybody."""
    torch.manual_seed(seed)
    _save(_segmentation(silent), folder / "segmentation")
    embedding = XVectorMFCC(dimension=DIMENSION)
    embedding.specifications = Specifications(problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0)
    _save(embedding, folder / "embedding")
    (folder / "plda").mkdir()
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(DIMENSION, DIMENSION)))[0]
    np.savez(
        folder / "plda" / "xvec_transform.npz",
        mean1=np.zeros(DIMENSION),
        mean2=np.zeros(_LATENT),
        lda=axes[:, :_LATENT],
    )
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(_LATENT), tr=np.eye(_LATENT), psi=np.linspace(2.0, 0.1, _LATENT))
    (folder / "config.yaml").write_text(yaml.safe_dump(_CONFIG))
    return folder


def _segmentation(silent: bool) -> PyanNet:
    model = PyanNet(lstm={"hidden_size": 16, "num_layers": 1}, linear={"hidden_size": 16, "num_layers": 1})
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.build()
    with torch.no_grad():
        model.classifier.weight.mul_(_LIVELY)
        if silent:
            model.classifier.weight.zero_()
            model.classifier.bias.copy_(torch.tensor([10.0] + [0.0] * (len(model.classifier.bias) - 1)))
    return model


def _save(model: Any, folder: Path) -> None:
    folder.mkdir(parents=True)
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": lightning.__version__,
    }
    model.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, folder / "pytorch_model.bin")
