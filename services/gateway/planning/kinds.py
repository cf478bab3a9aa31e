"""What a job is, told from its stage and shard."""

from services.gateway.planning.listening import is_listening
from shared.pipeline import Stage

REFIT = "fit-"
"""Begins the shard of every job of the fit loop."""
RECIPE = "recipe-"
"""Begins the shard of every export by recipe; what follows is the export's id."""


def kind(stage: Stage, shard: str) -> str:
    """The kind that the job's message has."""
    match stage:
        case Stage.DIARIZATION:
            return "hear_takes" if is_listening(shard) else "diarize_video"
        case Stage.TRANSLATION:
            return "rewrite_lines" if shard.startswith(REFIT) else "translate_lines"
        case Stage.CLONING:
            return "clone_lines"
        case Stage.EXPORT:
            return "render_recipe" if shard.startswith(RECIPE) else "export_language"
