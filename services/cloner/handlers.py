"""What the cloner reacts to."""

from collections.abc import Callable

from services.cloner.dubbing import Dubbing
from shared.messaging import CloneLines, JobContext, LinesDubbed, address_of


def clone_lines(dubbing: Dubbing) -> Callable[[CloneLines, JobContext], LinesDubbed]:
    """The stage's handler: a shard of lines in, their takes out."""

    def handle(job: CloneLines, context: JobContext) -> LinesDubbed:
        outcome = dubbing.run(job, context)
        return LinesDubbed(
            **address_of(job),
            lines=outcome.lines,
            engines=outcome.engines,
            chosen=(outcome.chosen,),
        )

    return handle
