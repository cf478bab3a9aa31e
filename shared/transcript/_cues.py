"""Subtitle events."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class CueKind(StrEnum):
    """What a file says of a cue: words that are spoken, a sign in the picture, words that are sung."""

    SPEECH = "speech"
    SIGN = "sign"
    SONG = "song"


class Cue(BaseModel):
    """One subtitle event; rows of `text` are separated by a line feed, `second` is the same in another language."""

    model_config = ConfigDict(frozen=True)

    start_s: float
    end_s: float
    text: str
    second: str = ""
    speaker: str = Field(default="", description="whom the file names, as `<v Name>` or in the name column of ASS")
    kind: CueKind = CueKind.SPEECH
    row: int = Field(default=0, description="of the file it was read from, beginning with 1")

    def shown(self) -> str:
        """All that is read, one language below the other."""
        return f"{self.text}\n{self.second}" if self.second else self.text
