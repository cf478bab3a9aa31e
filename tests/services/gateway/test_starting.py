"""A gateway that cannot start says why in one sentence."""

import pytest

from services.gateway.app import main


def test_a_wrong_setting_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its name, and without a traceback."""
    monkeypatch.setenv("LOCALCLIP_SWEEP_S", "often")
    with pytest.raises(SystemExit, match=r"gateway: .*LOCALCLIP_SWEEP_S"):
        main()
