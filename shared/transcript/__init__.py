"""Who says what, when: words that never change, segments cut from them, speakers, subtitle files."""

from shared.transcript._ass import AssStyle, Placed, limits_on, write_ass, write_patches, write_placed
from shared.transcript._captions import Caption, as_heard, as_written, understood
from shared.transcript._cues import Cue, CueKind
from shared.transcript._going_on import Said, going_on, is_ended
from shared.transcript._joining import join_words, keeps_space
from shared.transcript._laying import lay_over
from shared.transcript._models import (
    AudioTrackFacts,
    Decision,
    MediaFacts,
    Segment,
    Speaker,
    TextTrackFacts,
    Transcript,
    Word,
)
from shared.transcript._phrases import phrases
from shared.transcript._picture import (
    CoverWay,
    CueEdit,
    CueReading,
    PictureBox,
    PictureCue,
    PictureEdits,
    PictureMode,
    PictureRow,
    PictureTitle,
    PictureWords,
    PlacedText,
    SourceText,
)
from shared.transcript._reading import Reading, Remark, RemarkKind, Remarks, TooManyCues, read_subtitles
from shared.transcript._reading._sharing import shared_out
from shared.transcript._reading._written import reads_like
from shared.transcript._subtitles import write_srt, write_vtt
from shared.transcript._timing import Timing
from shared.transcript._wrapping import wrap_text

__all__ = [
    "AssStyle",
    "AudioTrackFacts",
    "Caption",
    "CoverWay",
    "Cue",
    "CueEdit",
    "CueKind",
    "CueReading",
    "Decision",
    "MediaFacts",
    "PictureBox",
    "PictureCue",
    "PictureEdits",
    "PictureMode",
    "PictureRow",
    "PictureTitle",
    "PictureWords",
    "Placed",
    "PlacedText",
    "Reading",
    "Remark",
    "RemarkKind",
    "Remarks",
    "Said",
    "Segment",
    "SourceText",
    "Speaker",
    "TextTrackFacts",
    "Timing",
    "TooManyCues",
    "Transcript",
    "Word",
    "as_heard",
    "as_written",
    "going_on",
    "is_ended",
    "join_words",
    "keeps_space",
    "lay_over",
    "limits_on",
    "phrases",
    "read_subtitles",
    "reads_like",
    "shared_out",
    "understood",
    "wrap_text",
    "write_ass",
    "write_patches",
    "write_placed",
    "write_srt",
    "write_vtt",
]
