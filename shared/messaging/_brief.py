"""What a translator is told before the first line: for whom, in which tone, which words never."""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.bounds import Bounded

Register = Literal["formal", "informal"]
Word = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class BriefTerm(BaseModel):
    """How a term is written in one target language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1, max_length=200)
    target: str = Field(min_length=1, max_length=200)
    proposed: bool = Field(default=False, description="by the translator: no person has written or kept it yet")


class LanguageBrief(Bounded):
    """What is asked of one target language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Register | None = Field(default=None, description="how people are spoken to")
    forbidden: tuple[Word, ...] = Field(default=(), max_length=200, description="words that are never written")
    terms: tuple[BriefTerm, ...] = Field(
        default=(), max_length=200, description="in addition to the glossary's, which take precedence"
    )


class Brief(Bounded):
    """What a translator is told of a video; whatever is empty is not said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instructions: str = Field(default="", max_length=4000)
    audience: str = Field(default="", max_length=500, description="for whom it is")
    tone: str = Field(default="", max_length=500)
    summary: str = Field(default="", max_length=4000, description="what the whole video is about")
    summary_proposed: bool = Field(default=False, description="the summary is the translator's own")
    propose: bool = Field(
        default=True, description="let a translator that can sum up the video and propose terms before the first line"
    )
    languages: dict[Code, LanguageBrief] = Field(default={}, max_length=20, description="by target language")

    def of(self, language: str) -> "LineBrief | None":
        """What the translator of `language` gets; None if there is nothing to say."""
        own = self.languages.get(language, LanguageBrief())
        said = LineBrief(
            instructions=self.instructions.strip(),
            audience=self.audience.strip(),
            tone=self.tone.strip(),
            summary=self.summary.strip(),
            address=own.address,
            forbidden=own.forbidden,
        )
        return None if said == LineBrief() else said


class LineBrief(BaseModel):
    """The brief of one language, as a job carries it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instructions: str = ""
    audience: str = ""
    tone: str = ""
    summary: str = ""
    address: Register | None = None
    forbidden: tuple[str, ...] = ()


def forbidden_in(text: str, forbidden: tuple[str, ...], *, spaces: bool) -> str | None:
    """The first forbidden word that occurs in `text`; whole words, if the language has spaces."""
    said = " ".join(text.split()).casefold()
    for word in forbidden:
        plain = re.escape(" ".join(word.split()).casefold())
        if re.search(rf"(?<!\w){plain}(?!\w)" if spaces else plain, said):
            return word
    return None


_INFORMAL = {
    "de": r"du|dich|dir|dein(?:e[mnrs]?)?|euch|euer|eure[mnrs]?",
    "es": r"tú|ti|contigo|vosotr[oa]s|vuestr[oa]s?",
    "fr": r"tu|toi|tes|ton|ta|t'es|t'as",
    "id": r"kamu|kau|engkau|lo|lu",
}
_FORMAL = {"es": r"usted|ustedes", "id": r"anda"}
"""Not of French and German: "vous" may be several people, and "Sie" begins sentences about her and them."""


def other_register(text: str, wanted: Register | None, language: str) -> str | None:
    """A word of `text` that uses the wrong form of address, as far as single words show."""
    words = _INFORMAL if wanted == "formal" else _FORMAL
    if wanted is None or language not in words:
        return None
    found = re.search(rf"(?<![\w'])(?:{words[language]})(?!\w)", text, re.IGNORECASE)
    return found.group(0) if found else None
