"""What a run will do, drawn from its seed: the same seed gives the same plan on every machine."""

import random
from dataclasses import dataclass
from typing import Literal

Database = Literal["sqlite", "postgresql"]
Fate = Literal["completed", "canceled", "deleted", "failed"]

LANGUAGES = ("es", "fr")
WORKERS = ("diarizer", "translator", "cloner", "exporter")
_WEIGHTS = {"gateway": 8, "diarizer": 3, "translator": 4, "cloner": 6, "exporter": 4, "progress": 3, "broker": 4}
_DATABASE_WEIGHT = 2
_ACTS = {
    "edit_line": 6,
    "edit_segment": 2,
    "dub_line": 5,
    "dub_outdated": 3,
    "export": 3,
    "process": 2,
    "cancel_language": 1,
    "cancel": 1,
    "retry": 2,
}


@dataclass(frozen=True)
class Strike:
    """One kill: `gap_s` after the one before it; what was killed starts again after `pause_s`.

    `when_ready`: only once the victim works again, instead of perhaps while it starts.
    """

    gap_s: float
    victim: str
    gently: bool
    pause_s: float
    when_ready: bool


@dataclass(frozen=True)
class Act:
    """Something a person does with a task; `pick` (0 to 1) chooses the language and the line."""

    gap_s: float
    name: str
    pick: float


@dataclass(frozen=True)
class Script:
    """One video from its upload to the end its owner wants for it."""

    number: int
    languages: tuple[str, ...]
    in_parts: bool
    at_once: bool
    video_bytes: int
    acts: tuple[Act, ...]
    fate: Fate


@dataclass(frozen=True)
class Plan:
    """Every kill and every video of a run."""

    seed: int
    database: Database
    strikes: tuple[Strike, ...]
    scripts: tuple[Script, ...]


def gateways(database: Database) -> tuple[str, ...]:
    """SQLite has one gateway, PostgreSQL two."""
    return ("gateway-1",) if database == "sqlite" else ("gateway-1", "gateway-2")


def draw(seed: int, database: Database, kills: int, tasks: int) -> Plan:
    """The plan of `seed`."""
    # Two sources, so that another number of kills leaves the videos as they are.
    strikes, scripts = random.Random(f"strikes {seed}"), random.Random(f"scripts {seed}")
    return Plan(
        seed,
        database,
        tuple(_strike(strikes, database) for _ in range(kills)),
        tuple(_script(scripts, number) for number in range(tasks)),
    )


def _strike(chance: random.Random, database: Database) -> Strike:
    weights = dict(_WEIGHTS) | ({"database": _DATABASE_WEIGHT} if database == "postgresql" else {})
    (victim,) = chance.choices(list(weights), list(weights.values()))
    if victim == "gateway":
        victim = chance.choice(gateways(database))
    return Strike(
        gap_s=chance.uniform(0.2, 1.8),
        victim=victim,
        gently=chance.random() < 0.4,
        pause_s=chance.uniform(0.0, 1.5),
        when_ready=chance.random() < 0.8,
    )


def _script(chance: random.Random, number: int) -> Script:
    (fate,) = chance.choices(("completed", "canceled", "deleted", "failed"), (76, 8, 12, 4))
    names = chance.choices(list(_ACTS), list(_ACTS.values()), k=chance.randint(3, 8))
    return Script(
        number=number,
        languages=LANGUAGES if chance.random() < 0.7 else (chance.choice(LANGUAGES),),
        in_parts=chance.random() < 0.3,
        at_once=chance.random() < 0.7,
        video_bytes=chance.randint(2_000, 400_000),
        acts=tuple(Act(chance.uniform(0.0, 1.5), name, chance.random()) for name in names),
        fate=fate,
    )
