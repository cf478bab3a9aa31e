"""Who says what, when: words that never change, segments cut from them, speakers, subtitle files."""

from shared.transcript._ass import AssStyle, limits_on, write_ass
from shared.transcript._joining import join_words, keeps_space
from shared.transcript._models import MediaFacts, Segment, Speaker, Transcript, Word
from shared.transcript._subtitles import Cue, TooManyCues, read_subtitles, write_srt, write_vtt
from shared.transcript._wrapping import wrap_text

__all__ = [
    "AssStyle",
    "Cue",
    "MediaFacts",
    "Segment",
    "Speaker",
    "TooManyCues",
    "Transcript",
    "Word",
    "join_words",
    "keeps_space",
    "limits_on",
    "read_subtitles",
    "wrap_text",
    "write_ass",
    "write_srt",
    "write_vtt",
]
