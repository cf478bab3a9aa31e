"""Run all parts, or those named, each in its own process; prints JSON: `python -m benchmarks.speech [part ...]`."""

import json
import subprocess
import sys

PARTS = ("turns", "hearing", "speaking", "translating", "separating", "dubbing")

if __name__ == "__main__":
    found = {}
    for part in sys.argv[1:] or PARTS:
        done = subprocess.run([sys.executable, "-m", f"benchmarks.speech.{part}"], check=True, stdout=subprocess.PIPE)
        found[part] = json.loads(done.stdout)
    print(json.dumps(found))
