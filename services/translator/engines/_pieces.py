"""Text to a model's pieces and back, by SentencePiece or a tokenizer file, whichever is beside the model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from shared.pipeline import ErrorCode, PermanentError

_SENTENCEPIECE = ("sentencepiece.bpe.model", "sentencepiece.model", "spiece.model")
_TOKENIZER = "tokenizer.json"


class Pieces(Protocol):
    """A tokenizer without the model's special tokens."""

    def encode(self, text: str) -> list[str]:
        """Cut a text into pieces."""
        ...

    def decode(self, pieces: Sequence[str]) -> str:
        """Join pieces to a text."""
        ...


def open_pieces(folder: Path) -> Pieces:
    """The tokenizer of the model in `folder`.

    Raises:
        PermanentError: `engine_unavailable` when there is none, or a broken one.
    """
    if (folder / "source.spm").is_file() and (folder / "target.spm").is_file():
        return _opened(folder / "source.spm", lambda source: _TwoSided(source, folder / "target.spm"))
    found = next((folder / name for name in (*_SENTENCEPIECE, _TOKENIZER) if (folder / name).is_file()), None)
    if found is None:
        raise PermanentError(
            ErrorCode.ENGINE_UNAVAILABLE,
            f"there is no tokenizer in {folder}: put {_SENTENCEPIECE[0]} or {_TOKENIZER} of the original model there",
        )
    return _opened(found, _Tokenizers if found.name == _TOKENIZER else _SentencePiece)


def _opened(file: Path, kind: Callable[[Path], Pieces]) -> Pieces:
    try:
        return kind(file)
    except Exception as error:  # tokenizers raises nothing more specific
        raise PermanentError(ErrorCode.ENGINE_UNAVAILABLE, f"{file} cannot be read: {error}") from error


class _SentencePiece:
    def __init__(self, file: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self._model = SentencePieceProcessor(model_file=str(file))

    def encode(self, text: str) -> list[str]:
        pieces: list[str] = self._model.encode(text, out_type=str)
        return pieces

    def decode(self, pieces: Sequence[str]) -> str:
        text: str = self._model.decode_pieces(list(pieces))
        return text


class _TwoSided:
    """One tokenizer for the source, another for the target."""

    def __init__(self, source: Path, target: Path) -> None:
        self._source, self._target = _SentencePiece(source), _SentencePiece(target)

    def encode(self, text: str) -> list[str]:
        return self._source.encode(text)

    def decode(self, pieces: Sequence[str]) -> str:
        return self._target.decode(pieces)


class _Tokenizers:
    def __init__(self, file: Path) -> None:
        from tokenizers import Tokenizer

        self._model = Tokenizer.from_file(str(file))

    def encode(self, text: str) -> list[str]:
        return list(self._model.encode(text, add_special_tokens=False).tokens)

    def decode(self, pieces: Sequence[str]) -> str:
        numbers = (self._model.token_to_id(piece) for piece in pieces)
        return str(self._model.decode([number for number in numbers if number is not None]))
