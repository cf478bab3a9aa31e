"""How far subtitles lie beside the speech they belong to."""

from pydantic import BaseModel, ConfigDict, Field


class Timing(BaseModel):
    """What would put subtitles over the speech that is heard: each time times `rate`, plus `shift_s`."""

    model_config = ConfigDict(frozen=True)

    shift_s: float = Field(description="seconds; negative where the subtitles are late")
    rate: float = Field(default=1.0, description="other than 1 where they drift: made for another speed of the picture")
    overlap: float = Field(description="of the lines with the speech heard as they are, 0 to 1")
    overlap_shifted: float = Field(description="the same after the shift")

    @property
    def drifts(self) -> bool:
        """Whether a shift alone is not enough."""
        return self.rate != 1.0
