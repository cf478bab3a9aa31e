"""The models LocalClip knows by name; any other is used by the path of its folder."""

from dataclasses import dataclass

from shared.models._contents import File, digest_of, download_bytes
from shared.models._known import (
    DEEPFILTERNET3,
    KOKORO,
    KOREAN_OCR,
    OPUS_EN_ES,
    OPUS_ES_EN,
    OPUS_ZH_EN,
    WHISPER_BASE,
    WHISPER_TINY_EN,
)


@dataclass(frozen=True)
class Link:
    """A file stored elsewhere; `sha256` may be just the first digits if its authors publish no more."""

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class Model:
    """Weights on the Hugging Face hub at the commit `revision`, or at `links`.

    `engine` loads them; `files` are patterns of what is fetched, `required` those without which nothing works.
    `size_mb` is the size of the download, rounded. `gated`: its page asks every user to accept terms first. `contents`,
    where they are known, say which bytes are right and where else than at the hub they are to be had. `improves`: what
    it is good for, in words for a list. `memory_mb`: what its engine takes while it works; None where nobody has
    measured it.
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
    revision: str = ""
    contents: tuple[File, ...] = ()
    improves: str = ""
    memory_mb: int | None = None

    @property
    def digest(self) -> str:
        """A digest of its bytes; empty if they are not known beforehand."""
        return digest_of(self.contents) if self.contents else ""

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it can be fetched from, in the order of trying."""
        if not self.contents:
            return (self.links[0].url.split("/")[2] if self.links else "the Hugging Face hub",)
        return tuple(dict.fromkeys(source.place for file in self.contents[::-1] for source in file.sources))


_WHISPER = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_WHISPER_NEEDS = ("config.json", "model.bin", "tokenizer.json")
_CT2 = ("config.json", "model.bin", "shared_vocabulary.*", "sentencepiece.*", "spiece.model", "tokenizer.json")
_CT2_NEEDS = ("model.bin",)


_HTDEMUCS = "955717e8-8726e21a.th"  # signature and checksum, as Demucs names its files


def _whisper(
    name: str, repository: str, size_mb: int, revision: str, improves: str, memory_mb: int | None = None
) -> Model:
    return Model(
        name,
        "faster-whisper",
        repository,
        size_mb,
        "MIT",
        True,
        _WHISPER,
        _WHISPER_NEEDS,
        revision=revision,
        improves=improves,
        memory_mb=memory_mb,
    )


def _known(
    name: str,
    engine: str,
    repository: str,
    licence: str,
    contents: tuple[File, ...],
    improves: str,
    memory_mb: int | None,
    note: str = "",
) -> Model:
    """A model whose bytes are known, so that any source will do."""
    names = tuple(file.name for file in contents)
    size_mb = round(download_bytes(contents) / 1e6)
    return Model(
        name,
        engine,
        repository,
        size_mb,
        licence,
        True,
        names,
        names,
        note=note,
        contents=contents,
        improves=improves,
        memory_mb=memory_mb,
    )


_NOT_TRIED = "on request: never run here; its digests are those that other projects publish"

CATALOGUE = (
    _known(
        "whisper-base",
        "faster-whisper",
        "Systran/faster-whisper-base",
        "MIT",
        WHISPER_BASE,
        "understands 8 languages; English: 6 % of words wrong on audiobooks, 16 % by telephone (pocketsphinx 51, 81)",
        800,
    ),
    _known(
        "whisper-tiny.en",
        "faster-whisper",
        "Systran/faster-whisper-tiny.en",
        "MIT",
        WHISPER_TINY_EN,
        "understands English at half the time of whisper-base: 6 and 16 % of words wrong",
        460,
    ),
    _whisper(
        "whisper-small",
        "Systran/faster-whisper-small",
        490,
        "536b0662742c02347bc0e980a01041f333bce120",
        "understands speech better than whisper-base, above all other than English, in twice the time",
        1500,
    ),
    _whisper(
        "whisper-medium",
        "Systran/faster-whisper-medium",
        1530,
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        "translates what is said into English better than whisper-small; on a GPU",
    ),
    _whisper(
        "whisper-large-v3",
        "Systran/faster-whisper-large-v3",
        3100,
        "edaa852ec7e145841d8ffdb056a99866b5f0a478",
        "understands speech best; on a GPU",
    ),
    _whisper(
        "whisper-large-v3-turbo",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        1620,
        "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        "understands speech nearly as well as large-v3, four times as fast",
        2500,
    ),
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
        revision="3533c8cf8e369892e6b79ff1bf80f7b0286a54ee",
        improves="tells speakers apart better; on a GPU",
    ),
    _known(
        "pp-ocrv5-korean",
        "rapidocr",
        "RapidAI/RapidOCR",
        "Apache-2.0",
        KOREAN_OCR,
        "reads Korean subtitles in the picture",
        None,
        note=_NOT_TRIED,
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
        revision="302d78f00e6fdb50a1064059df7c392b735e9d05",
        improves="translates between all languages",
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
        revision="30c36268408177b0fce2bfcfa205d877accd327d",
        improves="translates between all languages, better than nllb-200-600m",
    ),
    Model(
        "m2m100-418m",
        "ctranslate2",
        "jncraton/m2m100_418M-ct2-int8",
        500,
        "MIT",
        True,
        _CT2,
        _CT2_NEEDS,
        revision="7c1b2620a4e58dacecbd8bf89cfd6da7eb9eb7b0",
        improves="translates between all languages, commercially too",
    ),
    Model(
        "madlad400-3b",
        "ctranslate2",
        "santhosh/madlad400-3b-ct2",
        2950,
        "Apache-2.0",
        True,
        _CT2,
        _CT2_NEEDS,
        revision="c32ad0cf118807ea6258d14be137547155842723",
        improves="translates between all languages, commercially too; on a GPU",
    ),
    _known(
        "opus-mt-zh-en",
        "ctranslate2",
        "Helsinki-NLP/opus-mt-zh-en",
        "CC-BY-4.0",
        OPUS_ZH_EN,
        "translates Chinese to English alone, on any CPU, commercially too",
        400,
        note=_NOT_TRIED,
    ),
    _known(
        "opus-mt-en-es",
        "ctranslate2",
        "Helsinki-NLP/opus-mt-en-es",
        "Apache-2.0",
        OPUS_EN_ES,
        "translates English to Spanish alone, on any CPU, commercially too",
        400,
        note=_NOT_TRIED,
    ),
    _known(
        "opus-mt-es-en",
        "ctranslate2",
        "Helsinki-NLP/opus-mt-es-en",
        "Apache-2.0",
        OPUS_ES_EN,
        "translates Spanish to English alone, on any CPU, commercially too",
        400,
        note=_NOT_TRIED,
    ),
    _known(
        "kokoro",
        "kokoro",
        "hexgrad/Kokoro-82M",
        "Apache-2.0",
        KOKORO,
        "speaks en es fr ja zh: at most 5 % of words misheard (eSpeak NG 12, 33, 73, 57, 79 %)",
        600,
    ),
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
        revision="6c2b0d75eae4b7047358e3b6bd9325f857d43f77",
        improves="speaks in the voice of the speaker; on a GPU",
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
        revision="bffb3df5a29440629464e5e839f4d214c8714c3d",
        improves="speaks all languages in the voice of the speaker, commercially too; on a GPU",
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
        improves="keeps music and noise beneath the dub, without the voices; needs torch",
    ),
    _known(
        "deepfilternet3",
        "deepfilternet",
        "Rikorose/DeepFilterNet",
        "MIT",
        DEEPFILTERNET3,
        "keeps music and noise beneath the dub, on any CPU: speech 6 dB above them becomes 7 to 12 dB below",
        400,
    ),
)
"""One entry per model, in the order of the pipeline."""


STARTER = ("whisper-base", "kokoro")
"""What a laptop can run, and what `localclip up` and `demo` fetch: under 350 MB, and every digest confirmed
elsewhere."""


def catalogued(name: str) -> Model | None:
    """The entry with this name."""
    return next((model for model in CATALOGUE if model.name == name), None)
