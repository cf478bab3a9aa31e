"""The families of multilingual translation models, distinguished by how they mark languages."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.pipeline import SOURCE_LANGUAGES, TARGET_LANGUAGES, ErrorCode, PermanentError

_FEW = 2
"""With fewer language tokens nothing can be translated."""
_END = "</s>"
_FLORES = {
    "en": "eng_Latn",
    "ko": "kor_Hang",
    "ja": "jpn_Jpan",
    "fr": "fra_Latn",
    "de": "deu_Latn",
    "es": "spa_Latn",
    "id": "ind_Latn",
    "zh": "zho_Hans",
}


@dataclass(frozen=True)
class Family:
    """How one family is given its languages: `token` returns its name for a language.

    With `prefixed` the source begins with its own language, and the output is made to begin with the target's; else the
    source begins with the target's.
    """

    name: str
    licence: str
    commercial_use: bool
    pattern: str
    token: str
    prefixed: bool = True

    def tag(self, language: str) -> str:
        """The token of a language."""
        return self.token.format(code=language, flores=_FLORES.get(language, language))

    def source(self, pieces: Sequence[str], source: str, target: str) -> list[str]:
        """The tokens the model gets for a text."""
        return [self.tag(source if self.prefixed else target), *pieces, _END]

    def prefix(self, target: str) -> list[str]:
        """The tokens the output is made to begin with."""
        return [self.tag(target)] if self.prefixed else []

    def pairs(self, vocabulary: Collection[str]) -> tuple[tuple[str, str], ...]:
        """The pairs of offered languages whose tokens the model really has; any other token would be read as
        `<unk>`."""
        targets = [code for code in TARGET_LANGUAGES if self.tag(code) in vocabulary]
        sources = [code for code in SOURCE_LANGUAGES if not self.prefixed or self.tag(code) in vocabulary]
        return tuple(sorted((source, target) for source in sources for target in targets if source != target))


FAMILIES = (
    Family("NLLB-200", "CC-BY-NC-4.0", False, r"[a-z]{3}_[A-Z][a-z]{3}", "{flores}"),
    Family("M2M100", "MIT", True, r"__[a-z]{2,3}__", "__{code}__"),
    Family("MADLAD-400", "Apache-2.0", True, r"<2[A-Za-z_]+>", "<2{code}>", prefixed=False),
)


@dataclass(frozen=True)
class OnePair(Family):
    """A family whose models know one pair: OPUS-MT. They are not given the languages.

    `ends`: whether the end of a sentence has to be written, which some conversions do by themselves.
    """

    pair: tuple[str, str] = ("", "")
    ends: bool = True

    def source(self, pieces: Sequence[str], source: str, target: str) -> list[str]:
        """The tokens the model gets for a text."""
        return [*pieces, *([_END] if self.ends else [])]

    def prefix(self, target: str) -> list[str]:
        """Nothing: the output has no other language to begin with."""
        return []

    def pairs(self, vocabulary: Collection[str]) -> tuple[tuple[str, str], ...]:
        """Its only pair."""
        return (self.pair,)


_OPUS_NAME = re.compile(r"opus-mt-(?:tc-big-)?([a-z]{2,3})-([a-z]{2,3})(?![a-z])")
_OPUS_CODES = {"jap": "ja"}


def opus_of(folder: Path) -> OnePair | None:
    """OPUS-MT, which has a tokenizer for each side and its pair in the name of its folder; None for another family.

    Raises:
        PermanentError: `engine_unavailable` for one whose folder does not name an offered pair.
    """
    if not (folder / "source.spm").is_file() or not (folder / "target.spm").is_file():
        return None
    found = _OPUS_NAME.search(folder.resolve().name.lower())
    source, target = (_OPUS_CODES.get(code, code) for code in found.groups()) if found else ("", "")
    if source not in SOURCE_LANGUAGES or target not in TARGET_LANGUAGES or source == target:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"{folder} holds an OPUS-MT model, whose pair stands in the name of its folder only: rename it to "
            "opus-mt-en-de or alike, with languages that are offered",
        )
    return OnePair("OPUS-MT", "CC-BY-4.0", True, "", "", pair=(source, target), ends=_ends_open(folder))


def _ends_open(folder: Path) -> bool:
    """Whether the model does not end its input by itself."""
    try:
        return not json.loads((folder / "config.json").read_text(encoding="utf-8")).get("add_source_eos", False)
    except (OSError, ValueError):
        return True


def family_of(folder: Path, vocabulary: Collection[str]) -> Family:
    """The family with the most language tokens in `vocabulary`.

    Raises:
        PermanentError: `engine_unavailable` when there are none; a model converted with the wrong version of its
            library loses them.
    """
    counts = {family: sum(1 for token in vocabulary if re.fullmatch(family.pattern, token)) for family in FAMILIES}
    best = max(FAMILIES, key=lambda family: counts[family])
    if counts[best] < _FEW:
        names = ", ".join(family.name for family in FAMILIES)
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"the vocabulary in {folder} has no language tokens of {names}: convert the model again with another "
            "version of transformers, or take one of `localclip models list`",
        )
    return best


def read_vocabulary(folder: Path) -> frozenset[str]:
    """The tokens of a converted model, those of the target where it has two vocabularies.

    Raises:
        PermanentError: `engine_unavailable` when there is no readable vocabulary.
    """
    for name in ("shared_vocabulary", "target_vocabulary"):
        try:
            if (file := folder / f"{name}.json").is_file():
                return frozenset(json.loads(file.read_text(encoding="utf-8")))
            if (file := folder / f"{name}.txt").is_file():
                return frozenset(file.read_text(encoding="utf-8").split("\n"))
        except ValueError as error:
            raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"{file} cannot be read: {error}") from error
    raise PermanentError(
        ErrorCode.ENGINE_UNAVAILABLE, f"there is no shared_vocabulary.json in {folder}: not a model for CTranslate2"
    )
