"""`python -m tests.chaos --seed 3`: one run after the other, and a table of what they found."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import get_args

from tests.chaos.batch import LANGUAGES, Asked, run_batch
from tests.chaos.plan import Database, draw
from tests.chaos.run import Outcome, run

_KILLS_PER_MINUTE = 30
_TASKS_PER_KILL = 0.3
_KILLS_OF_A_BATCH = 20
_SHOWN = 25
DATABASES: tuple[Database, ...] = get_args(Database)


def main() -> None:
    """Run what was asked for; the exit code is 1 when anything was lost, double or left over."""
    asked = _arguments()
    folder = Path(asked.keep or tempfile.mkdtemp(prefix="localclip-chaos-"))
    databases = DATABASES if asked.database == "both" else (asked.database,)
    kills = asked.kills or (_KILLS_OF_A_BATCH if asked.batch else 0) or max(1, round(asked.minutes * _KILLS_PER_MINUTE))
    tasks = asked.tasks or max(1, round(kills * _TASKS_PER_KILL))
    outcomes = []
    for seed in asked.seeds:
        for database in databases:
            work = f"one command for {asked.batch} × {asked.languages}" if asked.batch else f"{tasks} tasks"
            _say(f"seed {seed} on {database}: {kills} kills, {work}")
            name = f"{seed}-{database}"
            began = time.monotonic()
            talk = lambda line, name=name: _say(f"  {name} {line}")  # noqa: E731
            if asked.batch:
                folder_of = Asked(asked.batch, LANGUAGES[: asked.languages])
                outcome = run_batch(seed, database, folder_of, kills, folder / name, talk)
            else:
                outcome = run(draw(seed, database, kills, tasks), folder / name, talk)
            outcome.figures["in all s"] = round(time.monotonic() - began, 1)
            outcomes.append(outcome)
            _tell(outcome)
    _table(outcomes)
    if any(outcome.findings for outcome in outcomes):
        _say(f"\nlogs, databases and broker of the runs that failed: {folder}")
        sys.exit(1)
    if not asked.keep:
        folder.rmdir()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", "--seeds", dest="seeds", type=_seeds, default=[1], help="3, or 1-5, or 1,4,7")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the killing, about; default 10")
    parser.add_argument("--kills", type=int, help=f"instead of minutes, of which each has {_KILLS_PER_MINUTE}")
    parser.add_argument("--tasks", type=int, help="videos; by default three for ten kills")
    parser.add_argument("--batch", type=int, help="dub as many clips with one command instead; 20 kills by default")
    parser.add_argument("--languages", type=int, choices=range(1, len(LANGUAGES) + 1), default=len(LANGUAGES))
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--keep", help="folder for what failed runs leave; by default a temporary one")
    return parser.parse_args()


def _seeds(value: str) -> list[int]:
    found: list[int] = []
    for part in value.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _tell(outcome: Outcome) -> None:
    for name, value in outcome.figures.items():
        _say(f"    {name}: {value}")
    for kind, times in Counter(finding.kind for finding in outcome.findings).items():
        _say(f"  {kind}: {times}")
        for finding in [one for one in outcome.findings if one.kind == kind][:_SHOWN]:
            _say(f"    {finding.what}")
        if times > _SHOWN:
            _say(f"    … all of them: {outcome.folder / 'findings.txt'}")


def _table(outcomes: list[Outcome]) -> None:
    kinds = ("LOST", "DOUBLE", "LEFT OVER", "EVENTS", "ANSWERS")
    counted = ("kills", "tasks", "jobs", "resends", "settled s", "quiet s", "in all s")
    _say("\n" + f"{'seed':>4} {'database':<11}" + "".join(f"{name:>11}" for name in (*counted, *kinds)))
    for outcome in outcomes:
        found = Counter(finding.kind for finding in outcome.findings)
        cells = [*(outcome.figures.get(name, "-") for name in counted), *(found[kind] for kind in kinds)]
        _say(f"{outcome.plan.seed:>4} {outcome.plan.database:<11}" + "".join(f"{cell!s:>11}" for cell in cells))
    bad = sum(bool(outcome.findings) for outcome in outcomes)
    _say(f"{len(outcomes) - bad} of {len(outcomes)} runs: nothing lost, double or left over")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
