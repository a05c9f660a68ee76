"""What stands in a sweep's directory."""

import json
from pathlib import Path
from typing import Any

STATE = "sweep.json"
CONFIG = "sweep.yaml"
RUNS = "runs"
FAILURES = "failures"


def read_state(directory: Path) -> dict[str, Any] | None:
    """What `sweep.json` holds, or None where there is none that this program could have written."""
    try:
        state = json.loads((directory / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and isinstance(state.get("runs"), dict) and state["runs"] else None
