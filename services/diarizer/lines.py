"""From words or a person's cues to the segments of the transcript."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from services.diarizer.attribution import TurnIndex, attribute
from services.diarizer.engines import Span, SpokenIn, Turn
from services.diarizer.segmentation import SpokenWord, cut_lines, join_text
from services.diarizer.sentences import restore_sentences
from shared.pipeline import ErrorCode, LanguageInfo, PermanentError
from shared.transcript import Cue, Remark, RemarkKind, Remarks, Segment, Word, join_words

_ROUNDING_S = 0.1
"""By which a last cue may end after the video without being told of."""


@dataclass(frozen=True)
class Draft:
    """A line before speakers and lines are numbered."""

    start_s: float
    end_s: float
    speaker: int
    text: str
    words: tuple[Word, ...] = ()


def lines_of_words(
    words: Sequence[Word], turns: Sequence[Turn], info: LanguageInfo, *, punctuated: bool
) -> list[Draft]:
    """Give words to speakers, restore sentences unless they are `punctuated`, and cut lines."""
    spoken = attribute(words, turns, punctuated=punctuated)
    if not punctuated:
        runs = [list(run) for _, run in groupby(spoken, key=lambda one: one.speaker)]
        restored = restore_sentences([[one.word for one in run] for run in runs])
        spoken = [SpokenWord(word, run[0].speaker) for run, texts in zip(runs, restored, strict=True) for word in texts]
    return [_draft(line, info) for line in cut_lines(spoken, info)]


def _draft(line: Sequence[SpokenWord], info: LanguageInfo) -> Draft:
    words = tuple(spoken.word for spoken in line)
    return Draft(words[0].start_s, words[-1].end_s, line[0].speaker, join_text(words, info), words)


def lines_of_cues(
    cues: Sequence[Cue], turns: Sequence[Turn], info: LanguageInfo, duration_s: float
) -> tuple[list[Draft], tuple[Remark, ...]]:
    """One line per cue, as the person cut and timed it, with the speaker heard longest in it.

    Cues that begin after the video ends are left out, others end with it; which ones is told.

    Raises:
        PermanentError: `subtitles_unreadable` when no cue is left.
    """
    index = TurnIndex(turns)
    remarks = Remarks()
    drafts = []
    for cue in cues:
        if cue.start_s >= duration_s:
            remarks.add(RemarkKind.AFTER_END, cue.row)
            continue
        if cue.end_s > duration_s + _ROUNDING_S:
            remarks.add(RemarkKind.PAST_END, cue.row)
        text = join_words(cue.text.split(), spaces=info.spaces)
        speaker = index.speaker(Span(cue.start_s, cue.end_s))
        drafts.append(Draft(cue.start_s, min(cue.end_s, duration_s), speaker, text))
    if not drafts:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE,
            f"the subtitles begin after the video ends ({duration_s:.0f} s): they belong to another video",
        )
    return drafts, remarks.all()


def number(
    drafts: Sequence[Draft], duration_s: float, languages: Sequence[SpokenIn] = ()
) -> tuple[tuple[Segment, ...], dict[int, str]]:
    """Number lines and, in order of their first line, speakers; return the segments and {speaker: id}.

    `languages` say what is heard in which stretch, in time order.
    """
    ids: dict[int, str] = {}
    segments = []
    for position, draft in enumerate(drafts, start=1):
        speaker_id = ids.setdefault(draft.speaker, f"spk_{len(ids) + 1}")
        tongue = _tongue(draft, languages)
        segments.append(
            Segment(
                id=f"s{position:04d}",
                start_s=round(draft.start_s, 3),
                end_s=round(min(draft.end_s, duration_s), 3),
                speaker_id=speaker_id,
                text=draft.text,
                words=draft.words,
                language=tongue.language if tongue else None,
                language_confidence=tongue.confidence if tongue else None,
            )
        )
    return tuple(segments), ids


def _tongue(draft: Draft, languages: Sequence[SpokenIn]) -> SpokenIn | None:
    middle_s = (draft.start_s + draft.end_s) / 2
    return next((one for one in languages if one.start_s <= middle_s <= one.end_s), None)
