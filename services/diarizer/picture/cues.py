"""From tracked texts to cues: anything but subtitles is removed, split ones are joined."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.diarizer.engines import Place, Written
from services.diarizer.picture.finding import same_text
from services.diarizer.picture.wording import group_of

_SURE, _FAIRLY_SURE, _VERY_SURE = 0.55, 0.75, 0.9
_SHORTEST_S, _CERTAIN_S, _BRIEF_S = 0.16, 0.3, 0.6
_TOGETHER_S = 0.32
_GROWING_S = 0.6
_LOST_S = 1.0
"""A row that is lost for less than this was there all along."""
_SAME_LEVEL = 0.45  # of the height of a row
_TWO = 0.6


@dataclass(frozen=True)
class Text:
    """A text that was shown: its rows and what they say, from top to bottom."""

    start_s: float
    end_s: float
    places: tuple[Place, ...]
    rows: tuple[Written, ...]
    color: str
    outline: str
    fades: bool = False

    @property
    def whole(self) -> str:
        """All it says."""
        return "\n".join(row.text for row in self.rows)


def tidied(texts: Sequence[Text]) -> list[Text]:
    """The subtitles among `texts`, in time order.

    An unreadable row was background. A text that was lost and found again, or that appeared letter by letter, is one.
    """
    found: list[Text] = []
    for text in map(_readable, texts):
        if not text.rows or not _is_shown(text):
            continue
        if found and (together := _together(found[-1], text)):
            found[-1] = together
        else:
            found.append(text)
    return [text for text in found if _is_subtitle(text)]


def bilingual(texts: Sequence[Text]) -> bool:
    """Whether most of `texts` say something in Latin and in East Asian letters at once."""
    both = [text for text in texts if len({group_of(row.text) for row in text.rows} - {None}) == _LANGUAGES]
    return bool(texts) and len(both) >= _TWO * len(texts)


_LANGUAGES = 2


def main_group(texts: Sequence[Text], spoken: str | None) -> str:
    """The script of the spoken language, in bilingual subtitles: as `spoken` says, else that of the upper rows."""
    if spoken:
        return "asian" if spoken in ("zh", "ja", "ko") else "latin"
    upper = Counter(group_of(text.rows[0].text) for text in texts)
    return upper.most_common(1)[0][0] or "asian"


def _readable(text: Text) -> Text:
    kept = [number for number, row in enumerate(text.rows) if row.text.strip() and row.confidence >= _SURE]
    return replace(
        text,
        rows=tuple(text.rows[number] for number in kept),
        places=tuple(text.places[number] for number in kept),
    )


def _is_shown(text: Text) -> bool:
    return text.end_s - text.start_s >= _SHORTEST_S


def _is_subtitle(text: Text) -> bool:
    """Whether it is a subtitle: a flash of something barely readable, or of digits, is background."""
    confidence = min(row.confidence for row in text.rows)
    lasts_s = text.end_s - text.start_s
    if not any(letter.isalpha() for letter in text.whole):
        return confidence >= _VERY_SURE and lasts_s >= 2 * _CERTAIN_S
    if lasts_s < _BRIEF_S and confidence < _FAIRLY_SURE:  # one text fading into the next reads as a third
        return False
    return lasts_s >= _CERTAIN_S or confidence >= _VERY_SURE


def _together(before: Text, text: Text) -> Text | None:
    """Both as one, if the second is the first seen again, or its continuation."""
    if text.start_s - before.end_s > _TOGETHER_S:
        return None
    grew = text.whole.startswith(before.whole) and before.end_s - before.start_s < _GROWING_S
    if len(text.rows) == len(before.rows) and same_text(before.whole, text.whole, 0.8):
        longer = max(before, text, key=lambda one: (one.end_s - one.start_s, sum(row.confidence for row in one.rows)))
        return replace(longer, start_s=before.start_s, end_s=text.end_s)
    if together := _with_lost_row(before, text):
        return together
    if grew and text.start_s - before.end_s < _SHORTEST_S:
        return replace(text, start_s=before.start_s)
    return None


def _with_lost_row(before: Text, text: Text) -> Text | None:
    """Both as one, if they differ only in a row that was lost for a moment."""
    fewer, more = sorted((before, text), key=lambda one: len(one.rows))
    if len(fewer.rows) == len(more.rows) or fewer.end_s - fewer.start_s >= _LOST_S:
        return None
    if not all(_has_row(more, place, row) for place, row in zip(fewer.places, fewer.rows, strict=True)):
        return None
    return replace(more, start_s=before.start_s, end_s=text.end_s, fades=before.fades or text.fades)


def _has_row(text: Text, place: Place, row: Written) -> bool:
    return any(
        abs(one.level - place.level) < _SAME_LEVEL * place.height and same_text(known.text, row.text, 0.8)
        for one, known in zip(text.places, text.rows, strict=True)
    )
