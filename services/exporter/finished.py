"""Finished dub tracks in the store, identified by everything that affects their sound."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from services.exporter.containers import ContainerName
from services.exporter.dubbing import Dub, DubFigures, with_lengths
from services.exporter.mixing import Bed
from services.exporter.settings import ExporterSettings
from services.exporter.source import Source
from shared.messaging import ExportSettings, Job, JobContext, TimelineLine
from shared.observability import logger
from shared.storage import ObjectNotFound, keys, put_bytes, put_file, read_bytes

log = logger(__name__)
_MIXING = 2
"""Version of the mixing: raised when the same input comes to sound different."""
_FIGURES, _TRACK = "figures.json", "dub.m4a"


def fingerprint(
    video_key: str,
    source: Source,
    bed: Bed,
    lines: Iterable[TimelineLine],
    own: ExporterSettings,
    chosen: ExportSettings,
    container: ContainerName,
) -> str:
    """Hash of everything that changes how the dub track of `lines` sounds; their texts do not."""
    heard = [
        (line.segment_id, line.start_s, line.end_s, line.take_key, line.take_start_s, line.take_duration_s)
        for line in lines
    ]
    everything = {
        "mixing": _MIXING,
        "video": video_key,
        "length_s": source.length_s,
        "listened": source.listened,
        "bed": bed.name,
        "lines": heard,
        "levels": [chosen.loudness_lufs, chosen.true_peak_dbtp, chosen.duck_db],
        "own": [own.audio_kbps, own.duck_attack_s, own.duck_release_s],
        "container": container,
    }
    return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:40]


def find(job: Job, language: str, content: str, lines: Iterable[TimelineLine], context: JobContext) -> Dub | None:
    """A dub track made earlier from the same input, as a file; None if there is none."""
    try:
        data = read_bytes(context.store, keys.dub_track(job.task_id, language, content, _FIGURES))
        figures = DubFigures.model_validate_json(data)
        path = context.store.local(keys.dub_track(job.task_id, language, content, _TRACK), context.workdir)
    except ObjectNotFound:
        return None
    except ValidationError as error:
        log.warning("finished_dub_unreadable", language=language, error=str(error))
        return None
    return Dub(path, with_lengths(lines, figures.take_lengths_s), figures)


def keep(job: Job, language: str, content: str, dub: Dub, context: JobContext) -> None:
    """Store a dub track for later; the figures are stored last, as they make it valid."""
    put_file(context.store, keys.dub_track(job.task_id, language, content, _TRACK), dub.path)
    figures = dub.figures.model_dump_json().encode()
    put_bytes(context.store, keys.dub_track(job.task_id, language, content, _FIGURES), figures)


def local_copy(dub: Dub, name: str, folder: Path) -> Path:
    """The track under a unique name in `folder`: tracks of several languages have the same name."""
    target = folder / name
    if target != dub.path:
        target.unlink(missing_ok=True)
        target.symlink_to(dub.path.resolve())
    return target
