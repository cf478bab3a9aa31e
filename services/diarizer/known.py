"""People of the cast whom another engine described: described again from their samples, so that they can be
recognized."""

from collections.abc import Sequence

from soundfile import LibsndfileError

from services.diarizer.clips import as_recording, whole
from services.diarizer.engines import Report, VoiceEmbedder
from shared.messaging import CastSample, CastVoice, JobContext
from shared.observability import logger
from shared.storage import ObjectNotFound

log = logger(__name__)


def described(
    cast: Sequence[CastSample], embedder: VoiceEmbedder, context: JobContext, report: Report
) -> tuple[CastVoice, ...]:
    """The voices of those in `cast` who were described by no model, or by another than the embedder's.

    People without a sample, or with too little voice in it, are left out: a video is not held up by that.
    """
    others = [one for one in cast if one.embedding_model != embedder.model]
    found = []
    for position, one in enumerate(others):
        report(position / len(others))
        voice = _voice(one, embedder, context)
        if voice is None:
            log.warning("cast_not_described", cast=one.cast_id, key=one.sample_key)
        else:
            found.append(CastVoice(cast_id=one.cast_id, embedding=voice, embedding_model=embedder.model))
    return tuple(found)


def _voice(one: CastSample, embedder: VoiceEmbedder, context: JobContext) -> tuple[float, ...] | None:
    """As `one` sounds in the sample; its file is removed at once, as there may be many."""
    target = context.workdir / f"{one.cast_id}.pcm"
    try:
        recording = as_recording(context.store.local(one.sample_key, context.workdir), target)
        return embedder.embed(recording, [whole(recording)], lambda _: context.cancel.check())
    except (ObjectNotFound, LibsndfileError):
        return None
    finally:
        target.unlink(missing_ok=True)
