"""`python -m shared.healthy`: exit code 0 when this container is healthy, else 1 and a reason.

Asks the address given (`http://...`), or reads the file that `LOCALCLIP_HEALTH_FILE` names; `--alive` checks only
whether it is alive, not whether it can take work. Run every few seconds in every container, so it imports next to
nothing.
"""

import json
import os
import socket
import sys
import time

STALE_S = 60.0
"""An event loop that has been stuck for so long does not keep its leases either."""
_ANSWER_S = 5.0
_ENOUGH = 1000


def health_problem(
    path: str | os.PathLike[str], *, alive_is_enough: bool = False, stale_s: float = STALE_S
) -> str | None:
    """What is wrong with the service that keeps `path`, in words; None when it is healthy.

    `alive_is_enough` accepts a service that cannot take work at the moment: restarting it would not help while, for
    example, the broker is unavailable.
    """
    try:
        with open(path, encoding="utf-8") as file:
            said = json.load(file)
        age_s, ready = time.time() - float(said["at"]), bool(said["ready"])
    except FileNotFoundError:
        return "not started yet, or ended"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{path} cannot be read: {error!r}"
    if age_s > stale_s:
        return f"silent for {age_s:.0f} s"
    return None if ready or alive_is_enough else "alive, but not connected to the broker"


def problem_of_address(url: str) -> str | None:
    """What is wrong with the service at `url` (`http://host:port/path`); None when it answers with success."""
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.rpartition(":")
    try:
        answer = _asked(host, int(port), f"GET /{path} HTTP/1.0\r\nHost: {place}\r\n\r\n")
    except OSError as error:
        return f"{url} does not answer: {error}"
    head, _, body = answer.partition("\r\n\r\n")
    code = head.partition(" ")[2][:3]
    return None if code.startswith("2") else f"{url} answers {code or 'nothing'}: {body[:500]}"


def _asked(host: str, port: int, request: str) -> str:
    deadline = time.monotonic() + _ANSWER_S
    answer = b""
    with socket.create_connection((host, port), timeout=_ANSWER_S) as connection:
        connection.sendall(request.encode())
        while len(answer) < _ENOUGH and (more := connection.recv(_ENOUGH)):
            answer += more
            connection.settimeout(max(0.01, deadline - time.monotonic()))
    return answer.decode("utf-8", "replace")


def main(arguments: list[str]) -> int:
    """Say what is wrong, if anything, and return the exit code."""
    addresses = [argument for argument in arguments if argument.startswith("http://")]
    file = os.environ.get("LOCALCLIP_HEALTH_FILE")
    if addresses:
        problem = problem_of_address(addresses[0])
    elif file:
        problem = health_problem(file, alive_is_enough="--alive" in arguments)
    else:
        problem = "give an address, or set LOCALCLIP_HEALTH_FILE"
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
