"""Writes the case files: documents written by hand, numbers drawn once from named random streams.

The stored JSON is what runs. Run `python conformance/make_cases` after a change here, and read the difference: a case
may be added, never changed under the same id.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from attention import ATTENTION_DRAFTS
from chance import CHANCE_DRAFTS
from crosses import CROSS_DRAFTS
from edges import EDGE_DRAFTS
from embeddings import EMBEDDING_DRAFTS
from hosts import HOST_DRAFTS
from layers import LAYER_DRAFTS
from long import LONG_DRAFTS
from losses import LOSS_DRAFTS
from mtlspec_conformance.draft import Draft
from mtlspec_conformance.drawing import content_of
from norms import NORM_DRAFTS
from optimizers import OPTIMIZER_DRAFTS
from positions import POSITION_DRAFTS
from recurrent import RECURRENT_DRAFTS
from reuse import REUSE_DRAFTS
from risks import RISK_DRAFTS
from tasks import TASK_DRAFTS
from traps import TRAP_DRAFTS
from updates import UPDATE_DRAFTS
from windows import WINDOW_DRAFTS

SUITE = "0.3.0"
FOLDER = Path(__file__).parents[1] / "mtlspec_conformance" / "cases"
DRAFTS: list[Draft] = [
    *LAYER_DRAFTS,
    *LOSS_DRAFTS,
    *OPTIMIZER_DRAFTS,
    *TASK_DRAFTS,
    *TRAP_DRAFTS,
    *EDGE_DRAFTS,
    *CHANCE_DRAFTS,
    *LONG_DRAFTS,
    *REUSE_DRAFTS,
    *EMBEDDING_DRAFTS,
    *CROSS_DRAFTS,
    *HOST_DRAFTS,
    *POSITION_DRAFTS,
    *RISK_DRAFTS,
    *WINDOW_DRAFTS,
    *RECURRENT_DRAFTS,
    *UPDATE_DRAFTS,
    *ATTENTION_DRAFTS,
    *NORM_DRAFTS,
]


def written(content: dict[str, Any]) -> str:
    """Return JSON with one array in a line."""
    lines = [f"  {json.dumps(key)}: {_entry(value)}" for key, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _entry(value: Any) -> str:
    if isinstance(value, dict) and value:
        inner = ",\n".join(
            f"    {json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in value.items()
        )
        return "{\n" + inner + "\n  }"
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Write every case and the manifest, and remove files of cases that are gone."""
    texts = {draft.id: written(content_of(draft)) for draft in DRAFTS}
    if len(texts) != len(DRAFTS):
        raise ValueError("two drafts have one id")
    for old in FOLDER.rglob("*/*.json"):
        if old.relative_to(FOLDER).with_suffix("").as_posix() not in texts:
            old.unlink()
    for id, text in texts.items():
        path = FOLDER / f"{id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    manifest = {"suite": SUITE, "cases": list(texts)}
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
