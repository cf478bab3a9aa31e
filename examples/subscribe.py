"""Follow LocalClip from a script: prints every fact, and every finished language with its report.

    python examples/subscribe.py nats://127.0.0.1:4222

Needs only `nats-py`. A durable consumer starts where it stopped, so facts that happen while the script is down are
delivered later.
"""

import asyncio
import json
import sys

import nats
from nats.js.api import ConsumerConfig, DeliverPolicy


async def main(address: str) -> None:
    """Read facts for ever."""
    client = await nats.connect(address)
    subscription = await client.jetstream().pull_subscribe(
        "localclip.events.>",
        durable="example-script",
        stream="LOCALCLIP_EVENTS",
        config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW),
    )
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
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"))
