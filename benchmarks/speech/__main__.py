"""Run all parts, or those named, each in its own process; prints JSON: `python -m benchmarks.speech [part ...]`.

`hearing/whisper-base` measures one engine of a part, `speaking/kokoro/zh` one language of it.
"""

import json
import subprocess
import sys

PARTS = ("turns", "hearing", "speaking", "translating", "separating", "dubbing")

if __name__ == "__main__":
    found = {}
    for asked in sys.argv[1:] or PARTS:
        part, _, engine = asked.partition("/")
        command = [sys.executable, "-m", f"benchmarks.speech.{part}", *([engine] if engine else [])]
        found[part] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(json.dumps(found))
