"""What is heard while a cue is shown: kept with what was read, and used where a letter was barely readable."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from shared.transcript import PictureCue, PictureWords, Word, join_words

_DOUBTFUL = 0.6
_ALIKE = 0.6
_SAME = 0.8
_MOST_LETTERS = 3000  # comparing takes quadratic time, and this many are enough
_FEW = 2
_SPACELESS = ("zh", "ja")


def with_heard(picture: PictureWords, words: Sequence[Word]) -> PictureWords:
    """The cues with what was recognized in the time of each."""
    cues, spaces = [], picture.language not in _SPACELESS
    for cue in picture.cues or ():
        said = said_in(words, cue.start_s, cue.end_s)
        heard = join_words((word.text.strip() for word in said), spaces=spaces)
        cues.append(_mended(cue.model_copy(update={"heard": heard})) if heard else cue)
    return picture.model_copy(update={"cues": tuple(cues), "as_heard": _is_as_heard(cues)})


def said_in(words: Sequence[Word], start_s: float, end_s: float) -> list[Word]:
    """The words whose middle lies between two times."""
    return [word for word in words if start_s <= (word.start_s + word.end_s) / 2 < end_s]


def _is_as_heard(cues: Sequence[PictureCue]) -> bool:
    """Whether the cues and what was heard meanwhile are the same text, but for some letters and names of speakers."""
    read, heard = (_letters(text) for text in zip(*((cue.text, cue.heard) for cue in cues), strict=True))
    return SequenceMatcher(None, read, heard, autojunk=False).ratio() >= _SAME


def _letters(texts: Sequence[str]) -> str:
    return "".join(filter(str.isalnum, "".join(texts).casefold()))[:_MOST_LETTERS]


def _mended(cue: PictureCue) -> PictureCue:
    """The cue with its doubtful letters replaced as heard, if most of the others agree with the speech."""
    letters, heard = list(cue.text), cue.heard
    matcher = SequenceMatcher(None, cue.text.casefold(), heard.casefold(), autojunk=False)
    sure = list(cue.confidences)
    if matcher.ratio() < _ALIKE or len(sure) != len(letters) or len(cue.text.casefold()) != len(letters):
        return cue
    for kind, start, end, from_, to in matcher.get_opcodes():
        said = heard[from_:to]
        is_doubtful = end - start == to - from_ <= _FEW and all(one < _DOUBTFUL for one in sure[start:end])
        if kind == "replace" and is_doubtful and said.isalnum():
            letters[start:end], sure[start:end] = list(said), [_DOUBTFUL] * len(said)
    return cue.model_copy(update={"text": "".join(letters), "confidences": tuple(sure)})
