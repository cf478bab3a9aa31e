"""From words or a person's cues to the segments of the transcript."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from services.diarizer.attribution import attribute
from services.diarizer.engines import SpokenIn, Turn
from services.diarizer.segmentation import SpokenWord, cut_lines, join_text
from services.diarizer.sentences import restore_sentences
from shared.pipeline import ErrorCode, LanguageInfo, PermanentError
from shared.transcript import Caption, Cue, Decision, Remark, RemarkKind, Remarks, Segment, Word, as_heard

_ROUNDING_S = 0.1
"""How far a last cue may extend past the end of the video without a remark."""


@dataclass(frozen=True)
class Draft:
    """A line before speakers and lines are numbered."""

    start_s: float
    end_s: float
    speaker: int
    text: str
    words: tuple[Word, ...] = ()
    written: str | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def is_spoken(self) -> bool:
        """Whether anybody says it."""
        return not any(one.omits for one in self.decisions)


def lines_of_words(
    words: Sequence[Word], turns: Sequence[Turn], info: LanguageInfo, *, punctuated: bool, as_they_stand: bool = False
) -> list[Draft]:
    """Give words to speakers, restore sentences unless they are `punctuated`, and cut lines.

    Sounds and music that a recognizer names are not spoken, unless all lines are `as_they_stand`.
    """
    spoken = attribute(words, turns, punctuated=punctuated)
    if not punctuated:
        runs = [list(run) for _, run in groupby(spoken, key=lambda one: one.speaker)]
        restored = restore_sentences([[one.word for one in run] for run in runs])
        spoken = [SpokenWord(word, run[0].speaker) for run, texts in zip(runs, restored, strict=True) for word in texts]
    drafts = [_draft(line, info) for line in cut_lines(spoken, info)]
    return drafts if as_they_stand else [_without_sounds(draft, info) for draft in drafts]


def _draft(line: Sequence[SpokenWord], info: LanguageInfo) -> Draft:
    words = tuple(spoken.word for spoken in line)
    return Draft(words[0].start_s, words[-1].end_s, line[0].speaker, join_text(words, info), words)


def _without_sounds(draft: Draft, info: LanguageInfo) -> Draft:
    """A line with what it names of sounds and music decided; the words that are left tell when it is said."""
    found = as_heard(Cue(start_s=draft.start_s, end_s=draft.end_s, text=draft.text), info)
    if not found.decisions:
        return draft
    draft = replace(draft, text=found.cue.text, written=found.written, decisions=found.decisions)
    left = found.cue.text.split()
    words = tuple(word for word in draft.words if word.text.strip() in left) if found.is_spoken else draft.words
    if words and join_text(words, info) == found.cue.text:
        return replace(draft, start_s=words[0].start_s, end_s=words[-1].end_s, words=words)
    return draft


def within(cues: Sequence[Cue], duration_s: float) -> tuple[list[Cue], tuple[Remark, ...]]:
    """The cues that begin before the video ends, cut at its end; remarks name the cut and dropped ones.

    Raises:
        PermanentError: `subtitles_unreadable` when no cue is left.
    """
    remarks = Remarks()
    found = []
    for cue in cues:
        if cue.start_s >= duration_s:
            remarks.add(RemarkKind.AFTER_END, cue.row)
            continue
        if cue.end_s > duration_s + _ROUNDING_S:
            remarks.add(RemarkKind.PAST_END, cue.row)
        found.append(cue.model_copy(update={"end_s": min(cue.end_s, duration_s)}))
    if not found:
        raise PermanentError(
            ErrorCode.SUBTITLES_UNREADABLE,
            f"the subtitles begin after the video ends ({duration_s:.0f} s): they belong to another video",
        )
    return found, remarks.all()


def lines_of_captions(captions: Sequence[Caption], speakers: Sequence[int]) -> list[Draft]:
    """One line per caption, with the person's cuts and times."""
    return [
        Draft(one.cue.start_s, one.cue.end_s, speaker, one.cue.text, written=one.written, decisions=one.decisions)
        for one, speaker in zip(captions, speakers, strict=True)
    ]


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
                written=draft.written,
                decisions=draft.decisions,
                language=tongue.language if tongue else None,
                language_confidence=tongue.confidence if tongue else None,
            )
        )
    return tuple(segments), ids


def _tongue(draft: Draft, languages: Sequence[SpokenIn]) -> SpokenIn | None:
    middle_s = (draft.start_s + draft.end_s) / 2
    return next((one for one in languages if one.start_s <= middle_s <= one.end_s), None)
