"""The dashboard asks for what the gateways tell."""

import json
import re

from tests.deploy.composition import ROOT


def told() -> set[str]:
    """The names of all metrics."""
    source = (ROOT / "services" / "gateway" / "operations" / "metrics.py").read_text(encoding="utf-8")
    return {f"localclip_{name}" for name in re.findall(r'_gauges?\(\s*"(\w+)"', source)}


def test_every_metric_of_the_dashboard_exists() -> None:
    """And every one there is, is on it."""
    dashboard = json.loads((ROOT / "deploy" / "dashboards" / "localclip.json").read_text(encoding="utf-8"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert set(re.findall(r"localclip_\w+", " ".join(expressions))) == told()


def test_every_metric_of_the_page_exists() -> None:
    """Alarms are made from it."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*?) \|", page.partition("## What to watch")[2].partition("## ")[0], re.MULTILINE)
    named = set(re.findall(r"`(localclip_\w+)", " ".join(rows)))
    assert named
    assert named <= told()
