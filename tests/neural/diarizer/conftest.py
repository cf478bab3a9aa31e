"""Sounds and videos, and the stage run through its handler: as for the engines without torch."""

from tests.services.diarizer.conftest import (  # noqa: F401 (fixtures)
    bench,
    compose,
    dialogue,
    dialogue_video,
    engines,
    make_video,
    record,
    say,
)
