"""What the cloner is made of."""

from services.cloner.dubbing import Dubbing
from services.cloner.engines import load_synthesizers, open_synthesizer
from services.cloner.handlers import clone_lines
from services.cloner.settings import ClonerSettings
from shared.messaging import Serving, serve
from shared.pipeline import Stage


def main() -> None:
    """Serve the voice cloning stage until SIGTERM."""
    serve("cloner", Stage.CLONING, _made)


def _made() -> Serving:
    settings = ClonerSettings()
    voices = load_synthesizers(settings)
    return Serving(
        clone_lines(Dubbing(voices.engines, open_=lambda kept: open_synthesizer(kept, settings))),
        voices.infos(),
        slots=settings.voice_jobs if any(engine.abilities.max_batch > 1 for engine in voices.engines) else 1,
    )
