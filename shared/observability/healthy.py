"""`python -m shared.observability.healthy`: exit code 0 when this container is well, else 1 and a reason.

Asks the address given (`http://...`), or reads the file that `LOCALCLIP_HEALTH_FILE` names; `--alive` asks only whether
it lives, not whether it can take work.
"""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from shared.observability._health import health_problem

_ANSWER_S = 5.0


def problem_of_address(url: str) -> str | None:
    """What is wrong with the service at `url`; None when it answers with success."""
    try:
        urllib.request.urlopen(url, timeout=_ANSWER_S).close()  # noqa: S310 (an address of this container)
    except urllib.error.HTTPError as answer:
        return f"{url} answers {answer.code}: {answer.read(500).decode('utf-8', 'replace')}"
    except OSError as error:
        return f"{url} does not answer: {error}"
    return None


def main(arguments: list[str]) -> int:
    """Say what is wrong, if anything, and return the exit code."""
    addresses = [argument for argument in arguments if argument.startswith("http")]
    file = os.environ.get("LOCALCLIP_HEALTH_FILE")
    if addresses:
        problem = problem_of_address(addresses[0])
    elif file:
        problem = health_problem(Path(file), alive_is_enough="--alive" in arguments)
    else:
        problem = "give an address, or set LOCALCLIP_HEALTH_FILE"
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
