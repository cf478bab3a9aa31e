"""What clients get of health and languages."""

from pydantic import BaseModel, Field


class LanguageService(BaseModel):
    """What does something for a language, how well, and what would make it better."""

    engine: str = Field(description="the engine, or the name of its weights; empty: nothing here does")
    error_percent: float | None = Field(
        description="words that come out wrong as measured (ja, zh, ko: characters): of a voice those misheard, of a "
        "recognizer those misunderstood; null: not measured"
    )
    poor: bool = Field(description="little is understood")
    better: str = Field(description="the command that makes it better; empty: this is the best there is")


class LanguageRead(BaseModel):
    """A language LocalClip offers."""

    code: str
    name: str
    native_name: str
    is_target: bool
    voices: list[str] = Field(description="voice engines at hand that speak it")
    translated_from: list[str] = Field(description="source languages an engine at hand translates from")
    translated_from_sound: list[str] = Field(
        description="source languages that an engine at hand translates from what is said, if no translator does"
    )
    understood_by: LanguageService = Field(description="what hears this language in a video")
    spoken_by: LanguageService = Field(description="what speaks it in a dub, where nobody chose a voice")


class Health(BaseModel):
    """Whether the gateway can work; `workers` counts those waiting for a job, by stage."""

    status: str
    checks: dict[str, bool]
    workers: dict[str, int] = {}
    engines_left_out: dict[str, str] = Field(
        default={}, description="port and name of engines that could not be loaded, and why"
    )
