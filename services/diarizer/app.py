"""What the diarizer is made of."""

from services.diarizer.diarization import Diarization
from services.diarizer.engines import create_engines, open_recognizer
from services.diarizer.handlers import dispatch
from services.diarizer.interpreting import Interpreting
from services.diarizer.listening import Listening
from services.diarizer.settings import DiarizerSettings
from shared.messaging import Serving, serve
from shared.pipeline import Stage


def main() -> None:
    """Serve the speaker diarization stage until SIGTERM."""
    serve("diarizer", Stage.DIARIZATION, _made)


def _made() -> Serving:
    settings = DiarizerSettings()
    engines = create_engines(settings)
    diarization = Diarization(engines, settings, lambda kept: open_recognizer(kept, settings))
    return Serving(dispatch(diarization, Listening(engines), Interpreting(engines, settings)), engines.infos())
