"""Words from the pieces a Whisper writes: token sequences with or without a leading space."""

from collections.abc import Iterable, Sequence

from shared.transcript import Word, keeps_space


def whole_words(pieces: Iterable[Word], *, spaces: bool) -> list[Word]:
    """Join the pieces of one segment of text to words, without surrounding spaces.

    In a language with `spaces`, a piece without a leading one belongs to the previous word: "cold" and "-hearted". In
    other languages this applies to punctuation and to scripts with spaces: " Y" and "ork".
    """
    words: list[list[Word]] = []
    for piece in pieces:
        if words and _continues(words[-1], piece.text, spaces=spaces):
            words[-1].append(piece)
        else:
            words.append([piece])
    return [word for parts in words if (word := _joined(parts)).text]


def _continues(before: Sequence[Word], text: str, *, spaces: bool) -> bool:
    if not any(letter.isalnum() for letter in text):
        return True
    if text[0].isspace():
        return False
    return spaces or keeps_space("".join(piece.text for piece in before), text)


def _joined(pieces: Sequence[Word]) -> Word:
    """As one word, with the mean probability of its letters."""
    lengths = [sum(letter.isalnum() for letter in piece.text) for piece in pieces]
    sure = sum(length * (piece.probability or 0.0) for length, piece in zip(lengths, pieces, strict=True))
    return Word(
        text="".join(piece.text.strip() for piece in pieces),
        start_s=pieces[0].start_s,
        end_s=max(piece.end_s for piece in pieces),
        probability=round(sure / (sum(lengths) or 1), 3),
    )
