"""Give LocalClip a command from a script, and print the answer.

    set -a; . data/broker/operator.env; set +a        # NATS_URL, NATS_USER, NATS_PASSWORD
    python examples/command.py cancel '{"task_id": "task_20261127_141042_1434d6a0"}'

Needs only `nats-py`. What is not answered is sent again with the same id, and is done once all the same; say the same
`--id` where the script itself is started again. NATS_TLS_CA names the certificate to trust where the broker speaks TLS.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import uuid

import nats
from nats.errors import NoRespondersError

TRIES, WAIT_S = 6, 10
COMMANDS = ("create", "process", "approve", "cancel", "redub", "export")
BUSY = ("request_in_progress", "database_busy")


async def tell(error: Exception) -> None:
    """Say why the broker is not to be had; a wrong password does not mend by waiting."""
    if "authorization" in str(error).lower():
        raise SystemExit("the broker refuses the login: NATS_USER and NATS_PASSWORD must be those it was started with")
    sys.stderr.write(f"{error}\n")


async def ask(command: str, body: dict[str, object]) -> dict[str, object]:
    """The answer to a command, sent again until there is one. Raises: SystemExit."""
    trusted = os.environ.get("NATS_TLS_CA")
    client = await nats.connect(
        os.environ.get("NATS_URL", "nats://127.0.0.1:4222"),
        user=os.environ.get("NATS_USER", "operator"),
        password=os.environ.get("NATS_PASSWORD", ""),
        tls=ssl.create_default_context(cafile=trusted) if trusted else None,
        error_cb=tell,
    )
    try:
        for _ in range(TRIES):
            try:
                message = await client.request(f"localclip.commands.{command}", json.dumps(body).encode(), WAIT_S)
            except (TimeoutError, NoRespondersError):
                sys.stderr.write("no answer; asking again\n")
                await asyncio.sleep(5)
                continue
            answer: dict[str, object] = json.loads(message.data)
            problem = answer["problem"]
            if not (isinstance(problem, dict) and problem["code"] in BUSY):
                return answer
            await asyncio.sleep(2)
    finally:
        await client.close()
    raise SystemExit("no gateway answers")


def main() -> None:
    """Exit with 1 when it was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("body", help="the fields of the command, as JSON")
    parser.add_argument("--id", default=uuid.uuid4().hex, help="the same id again is the same command")
    asked = parser.parse_args()
    answer = asyncio.run(ask(asked.command, {"id": asked.id, **json.loads(asked.body)}))
    sys.stdout.write(json.dumps(answer, indent=2) + "\n")
    sys.exit(1 if answer["problem"] else 0)


if __name__ == "__main__":
    main()
