"""What is shown of the engines a task keeps to."""

from localclip.engines import advice, engines_table
from localclip_client.models import EngineOffer, TaskEngine
from tests.localclip.test_editing import shown


def test_engines_are_shown_with_what_is_better() -> None:
    """What is gone is said, and the command that changes it; nothing to change needs no word."""
    offer = EngineOffer(engine="kokoro", model="kokoro", error_percent=3, does_again="3 lines would be spoken again")
    voice = TaskEngine(language="es", port="voice", engine="espeak-ng", here=True, error_percent=38, offer=offer)
    heard = TaskEngine(language="base", port="recognizer", engine="faster-whisper", model="whisper-base", here=False)
    text = " ".join(shown(engines_table((voice, heard))).split())
    for part in ("espeak-ng", "38 %", "kokoro", "3 %", "faster-whisper", "whisper-base"):
        assert part in text
    assert advice((voice, heard), "task_1") == ["to change: localclip engines task_1 --upgrade es"]
    assert advice((heard,), "task_1") == []
