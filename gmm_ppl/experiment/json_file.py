"""Strict JSON: the small files of a run directory."""

import json
import math
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any) -> None:
    """Strict JSON, indented: what is not finite becomes null."""
    text = json.dumps(strict(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def strict(value: Any) -> Any:
    """The same value in JSON's own types; NaN and infinities, which JSON has not, become None."""
    if isinstance(value, dict):
        return {str(key): strict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [strict(inner) for inner in value]
    if hasattr(value, "tolist"):
        return strict(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
