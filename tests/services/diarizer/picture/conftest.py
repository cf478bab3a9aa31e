"""Clips with words in the picture."""

import pytest

from benchmarks.picture.clips import make
from services.diarizer.ffmpeg import Video
from shared.media import probe
from shared.pipeline import CancelToken


@pytest.fixture(scope="session")
def open_clip(tmp_path_factory):
    """Makes a clip and opens it."""

    def opened(clip):
        path = make(clip, tmp_path_factory.mktemp("clips") / f"{clip.name}.mp4")
        container, facts = probe(path, CancelToken())
        return Video(path, container, facts)

    return opened
