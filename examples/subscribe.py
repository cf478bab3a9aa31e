"""Follow LocalClip from a script: prints every fact, and every finished language with its report.

    set -a; . data/broker/automation.env; set +a        # NATS_URL, NATS_USER, NATS_PASSWORD
    python examples/subscribe.py

Needs only `nats-py`. The gateway keeps a durable consumer for each program (LOCALCLIP_AUTOMATION_CONSUMERS), which
starts where it stopped: facts that happen while the script is down are delivered later. NATS_TLS_CA names the
certificate to trust where the broker speaks TLS.
"""

import asyncio
import json
import os
import ssl
import sys

import nats


async def tell(error: Exception) -> None:
    """Say why the broker is not to be had; a wrong password does not mend by waiting."""
    if "authorization" in str(error).lower():
        raise SystemExit("the broker refuses the login: NATS_USER and NATS_PASSWORD must be those it was started with")
    sys.stderr.write(f"{error}\n")


async def main(durable: str) -> None:
    """Read facts for ever."""
    trusted = os.environ.get("NATS_TLS_CA")
    client = await nats.connect(
        os.environ.get("NATS_URL", "nats://127.0.0.1:4222"),
        user=os.environ.get("NATS_USER", "automation"),
        password=os.environ.get("NATS_PASSWORD", ""),
        tls=ssl.create_default_context(cafile=trusted) if trusted else None,
        max_reconnect_attempts=-1,
        error_cb=tell,
    )
    subscription = await client.jetstream().pull_subscribe_bind(durable, stream="LOCALCLIP_EVENTS")
    sys.stdout.write("waiting for facts; upload a video to see some\n")
    while True:
        try:
            messages = await subscription.fetch(10, timeout=30)
        except TimeoutError:
            continue
        for message in messages:
            fact = json.loads(message.data)
            data = fact["data"]
            sys.stdout.write(f"{fact['time']} {data['task_id']} {data['language']:5} {fact['type']}\n")
            if fact["type"] == "localclip.language.completed":
                sys.stdout.write(f"    finished, with {data['issues']} lines to look at\n")
            sys.stdout.flush()
            await message.ack()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "automation"))
