"""What a task asks a person before it goes on, in stored form, and what the answer can be."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.script.doubt import Doubt

OnDoubt = Literal["ask", "continue", "fail"]
Choice = Literal["continue", "language", "subtitles"]


class Question(BaseModel):
    """A transcript is doubtful as a whole: is it to be dubbed all the same?"""

    question_id: str = Field(description="names it in the answer, so that none is given to another question")
    kind: Literal["doubtful_source"] = "doubtful_source"
    reasons: list[Doubt]
    language: str = Field(description="what the speech was taken for")
    sounds_like: str | None = Field(default=None, description="what it sounds like, where that can be told")
    choices: list[Choice] = ["continue", "language", "subtitles"]
    answer: Choice | None = None
    answer_language: str | None = Field(default=None, description="which language a person said it is")

    @property
    def text(self) -> str:
        """The reasons as sentences."""
        return " ".join(one.text for one in self.reasons)

    @property
    def mend(self) -> str:
        """The possible remedy, as a sentence."""
        told = "; or ".join(dict.fromkeys(one.mend for one in self.reasons))
        return f"{told[:1].upper()}{told[1:]}."


def question_of(stored: Mapping[str, Any] | None) -> Question | None:
    """The question of a task, answered or not."""
    return Question.model_validate(stored) if stored else None


def is_open(stored: Mapping[str, Any] | None) -> bool:
    """Whether the task is waiting for the answer."""
    return bool(stored) and stored.get("answer") is None  # type: ignore[union-attr]


def went_on(stored: Mapping[str, Any] | None) -> bool:
    """Whether a person was asked and accepted what was recognized."""
    return bool(stored) and stored.get("answer") == "continue"  # type: ignore[union-attr]


def unsettled(found: Sequence[Doubt], before: Question | None, spoken: str) -> list[Doubt]:
    """The doubts that a person has not settled: whoever said which language it is is not asked about that again."""
    told = before is not None and before.answer is not None and before.answer_language == spoken
    return [one for one in found if not told or one.code == "poor_recognition"]
