"""Who speaks a line: a person's choices of voices, resolved into what a voice engine needs to know."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from services.gateway.script.lines import line_shard
from services.gateway.script.slots import Span
from shared.messaging import CloneLines, LineToSpeak, SpeakerVoice


@dataclass(frozen=True)
class Choice:
    """A stock voice by name, another speaker of the task, or an uploaded clip, by id."""

    kind: str
    id: str


@dataclass(frozen=True)
class Person:
    """A speaker as measured, and the voice chosen for them."""

    speaker_id: str
    f0_hz: float | None = None
    reference_key: str | None = None
    choice: Choice | None = None
    pace: float = 1.0


@dataclass(frozen=True)
class Clip:
    """An uploaded reference clip."""

    key: str
    f0_hz: float | None = None


@dataclass(frozen=True)
class Roles:
    """All speakers, and who else speaks single lines (by segment id), with what an engine needs to know about these
    voices."""

    voices: Mapping[str, SpeakerVoice]
    of_lines: Mapping[str, str]

    def spoken(self, span: Span) -> Span:
        """`span` with the speaker whose voice is heard."""
        return replace(span, speaker_id=self.of_lines.get(span.segment_id, span.speaker_id))


def roles(
    people: Iterable[Person], spans: Iterable[Span], lines: Mapping[str, Choice], clips: Mapping[str, Clip]
) -> Roles:
    """Resolve the choices made for speakers and for single lines (by segment id)."""
    known = {person.speaker_id: person for person in people}
    voices = {key: _voice(key, person, clips) for key, person in known.items()}
    of_lines: dict[str, str] = {}
    for span in spans:
        choice = lines.get(span.segment_id)
        if choice is None or choice.kind == "speaker":
            of_lines[span.segment_id] = speaks_for(choice.id if choice else span.speaker_id, known)
            continue
        who = line_shard(span.segment_id)
        of_lines[span.segment_id] = who
        person = known.get(span.speaker_id, Person(span.speaker_id))
        voices[who] = _voice(who, replace(person, choice=choice), clips).model_copy(update={"aside": True})
    return Roles(voices, of_lines)


def speaks_for(speaker_id: str, people: Mapping[str, Person]) -> str:
    """Whose voice a speaker has: their own, or that of the speaker chosen for them, and so on.

    Circular choices are ignored.
    """
    seen = [speaker_id]
    while (person := people.get(seen[-1])) and person.choice and person.choice.kind == "speaker":
        if person.choice.id in seen:
            return speaker_id
        seen.append(person.choice.id)
    return seen[-1]


def _voice(speaker_id: str, person: Person, clips: Mapping[str, Clip]) -> SpeakerVoice:
    choice = person.choice
    own = SpeakerVoice(speaker_id=speaker_id, f0_hz=person.f0_hz, pace=person.pace, reference_key=person.reference_key)
    if choice is None or choice.kind == "speaker":
        return own
    clip = clips.get(choice.id) if choice.kind == "clip" else None
    if clip is None:  # a stock voice; a missing clip is requested by its id, which no engine knows, so it gets reported
        return own.model_copy(update={"voice": choice.id})
    return own.model_copy(update={"f0_hz": clip.f0_hz, "reference_key": clip.key, "is_clip": True})


def with_needed(job: CloneLines) -> CloneLines:
    """`job` with all speakers, so that all jobs assign voices alike, but of everything else only what it needs."""
    own = {line.speaker_id for line in job.lines}
    needed = tuple(voice for voice in job.speakers if not voice.aside or voice.speaker_id in own)
    return job.model_copy(update={"speakers": needed})


def basis(text: str, slot_s: float, voice: SpeakerVoice, marks: str = "") -> str:
    """A hash of everything a take is made from: two takes with the same basis sound alike and fit the same slot.

    `marks` distinguish an engine from its predecessor, which speaks differently.
    """
    made_of = [" ".join(text.split()), round(slot_s * 1000), voice.model_dump(exclude_defaults=True)]
    made_of += [marks] if marks else []
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def basis_of(job: CloneLines, line: LineToSpeak) -> str:
    """The basis of the take that `job` makes of `line`."""
    known = {voice.speaker_id: voice for voice in job.speakers}
    voice = known.get(line.speaker_id, SpeakerVoice(speaker_id=line.speaker_id))
    return basis(line.text, line.end_s - line.start_s, voice, job.kept.marks if job.kept else "")
