"""The models LocalClip knows by name; any other is used by the path of its folder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A file that lies elsewhere; `sha256` may be the first digits only, where its authors publish no more."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Model:
    """Weights on the Hugging Face hub, or at `links`.

    `engine` loads them; `files` are patterns of what is fetched, `required` those without which nothing works.
    `size_mb` is what the download takes, rounded. `gated`: its page asks every user to accept terms first.
    """

    name: str
    engine: str
    repository: str
    size_mb: int
    licence: str
    commercial_use: bool
    files: tuple[str, ...]
    required: tuple[str, ...]
    gated: bool = False
    note: str = ""
    links: tuple[Link, ...] = ()


_WHISPER = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_WHISPER_NEEDS = ("config.json", "model.bin", "tokenizer.json")
_CT2 = ("config.json", "model.bin", "shared_vocabulary.*", "sentencepiece.*", "spiece.model", "tokenizer.json")
_CT2_NEEDS = ("model.bin",)


_HTDEMUCS = "955717e8-8726e21a.th"  # signature and checksum, as Demucs names its files


def _whisper(name: str, repository: str, size_mb: int) -> Model:
    return Model(name, "faster-whisper", repository, size_mb, "MIT", True, _WHISPER, _WHISPER_NEEDS)


CATALOGUE = (
    _whisper("whisper-small", "Systran/faster-whisper-small", 490),
    _whisper("whisper-large-v3", "Systran/faster-whisper-large-v3", 3100),
    _whisper("whisper-large-v3-turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1620),
    Model(
        "pyannote-community-1",
        "pyannote.audio",
        "pyannote/speaker-diarization-community-1",
        35,
        "CC-BY-4.0",
        True,
        ("config.yaml", "segmentation/*", "embedding/*", "plda/*"),
        ("config.yaml",),
        gated=True,
    ),
    Model(
        "nllb-200-600m",
        "ctranslate2",
        "JustFrederik/nllb-200-distilled-600M-ct2-int8",
        650,
        "CC-BY-NC-4.0",
        False,
        _CT2,
        _CT2_NEEDS,
    ),
    Model(
        "nllb-200-1.3b",
        "ctranslate2",
        "JustFrederik/nllb-200-distilled-1.3B-ct2-int8",
        1410,
        "CC-BY-NC-4.0",
        False,
        _CT2,
        _CT2_NEEDS,
    ),
    Model("m2m100-418m", "ctranslate2", "jncraton/m2m100_418M-ct2-int8", 500, "MIT", True, _CT2, _CT2_NEEDS),
    Model("madlad400-3b", "ctranslate2", "santhosh/madlad400-3b-ct2", 2950, "Apache-2.0", True, _CT2, _CT2_NEEDS),
    Model(
        "xtts-v2",
        "coqui-xtts",
        "coqui/XTTS-v2",
        1870,
        "CPML",
        False,
        ("config.json", "model.pth", "vocab.json", "speakers_xtts.pth", "hash.md5"),
        ("config.json", "model.pth", "vocab.json"),
        note="no Indonesian",
    ),
    Model(
        "voxcpm2",
        "voxcpm",
        "openbmb/VoxCPM2",
        4700,
        "Apache-2.0",
        True,
        ("*.json", "*.safetensors", "*.pth", "*.py", "*.txt"),
        ("config.json",),
    ),
    Model(
        "htdemucs",
        "demucs",
        "dl.fbaipublicfiles.com/demucs",
        84,
        "MIT",
        True,
        ("*.th",),
        (_HTDEMUCS,),
        links=(
            Link(_HTDEMUCS, f"https://dl.fbaipublicfiles.com/demucs/hybrid_transformer/{_HTDEMUCS}", _HTDEMUCS[9:17]),
        ),
    ),
)
"""One entry per model, in the order of the pipeline."""


def catalogued(name: str) -> Model | None:
    """The entry with this name."""
    return next((model for model in CATALOGUE if model.name == name), None)
