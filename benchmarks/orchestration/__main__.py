"""Run the parts that are named, or all of them."""

import json
import sys

from benchmarks.measure import folder
from benchmarks.orchestration import lists, rate, streams
from benchmarks.orchestration.lock import lock
from shared.observability import configure_logging

PARTS = {
    "sqlite": rate.sqlite,
    "postgres": rate.postgres,
    "long": rate.long,
    "flight": rate.flight,
    "list": lists.beside_work,
    "many": lists.many,
    "lock": lock,
    "streams": streams.streams,
}

if __name__ == "__main__":
    configure_logging("benchmark", "ERROR")  # what it prints is read by the runner
    with folder() as path:
        found = {name: PARTS[name](path / name) for name in sys.argv[1:] or PARTS}
    json.dump({"name": "orchestration", **found}, sys.stdout, indent=2)
