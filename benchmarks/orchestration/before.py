"""What the parts measured before the gateway was made cheaper: the same benchmark, on a busy machine of two cores."""

from typing import Any

BEFORE: dict[str, Any] = {
    "sqlite": {
        "jobs": 660,
        "jobs_per_s": 13.6,
        "cpu_ms": {"gateway": 34.61, "progress": 5.08, "broker": 4.23, "workers": 8.05, "database": 0.0},
        "others_share": 0.64,
        "kept_bytes": 30353,
    },
    "postgres": {
        "tasks": 60,
        "lines": 40,
        "jobs": 660,
        "jobs_per_s": 8.0,
        "cpu_ms": {"gateway": 54.26, "progress": 7.45, "broker": 5.48, "workers": 10.15, "database": 3.45},
        "others_share": 0.67,
        "kept_bytes": 30353,
    },
    "long": {
        "tasks": 2,
        "lines": 2000,
        "jobs": 510,
        "jobs_per_s": 3.7,
        "cpu_ms": {"gateway": 72.0, "progress": 3.41, "broker": 4.49, "workers": 11.27, "database": 0.0},
        "others_share": 0.82,
        "kept_bytes": 1461806,
    },
    "flight": {
        "in_flight": {
            "100": {
                "jobs": 400,
                "jobs_per_s": 6.0,
                "cpu_ms": {"gateway": 36.42, "progress": 6.75, "broker": 4.6, "workers": 9.38, "database": 0.0},
                "others_share": 0.82,
            },
            "1000": {
                "jobs": 402,
                "jobs_per_s": 8.8,
                "cpu_ms": {"gateway": 31.89, "progress": 5.9, "broker": 3.98, "workers": 7.69, "database": 0.0},
                "others_share": 0.78,
            },
            "10000": {
                "jobs": 401,
                "jobs_per_s": 8.5,
                "cpu_ms": {"gateway": 34.49, "progress": 5.56, "broker": 3.79, "workers": 7.91, "database": 0.0},
                "others_share": 0.78,
            },
        },
        "growth": 0.91,
    },
    "list": {"p50_ms": 236.1, "p95_ms": 1037.4, "cpu_ms": 102.0, "task_every_s": 3.42, "others_share": 0.83},
    "many": {
        "tasks": 100000,
        "page": {"p50_ms": 927.7, "p95_ms": 2831.4, "cpu_ms": 241.5},
        "page_in_the_middle": {"p50_ms": 1472.6, "p95_ms": 3661.1, "cpu_ms": 302.5},
        "search": {"p50_ms": 917.0, "p95_ms": 2270.9, "cpu_ms": 264.5},
        "sweep": {"p50_ms": 796.2, "p95_ms": 2686.4, "cpu_ms": 272.2},
    },
    "lock": {"lines": 2000, "languages": 7, "transcript_s": 3.639, "transcript_cpu_s": 2.26},
    "streams": {
        "streams": 2000,
        "p50_ms": 114.8,
        "p99_ms": 738.1,
        "cpu_ms_per_event": 188.0,
        "kib_each": 41.2,
        "others_share": 0.86,
    },
}
