"""`python -m mtlspec.baselines.worker FOLDER [EXTENSION...]`: makes one run, and leaves its record there."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from mtlspec.baselines.alone import examples_of
from mtlspec.baselines.exchange import GRAPH, RECORD, RUN, read_examples
from mtlspec.baselines.memory import most_memory
from mtlspec.baselines.record import Record
from mtlspec.errors import MtlspecError
from mtlspec.extension_source import import_extension
from mtlspec.graph import Graph
from mtlspec.registry import compile
from mtlspec.summary import totals
from mtlspec.training import evaluate, train

INTERRUPTED = 130


def work(folder: Path) -> None:
    """Train and evaluate as the files in `folder` and its parent say."""
    run = json.loads((folder / RUN).read_text(encoding="utf-8"))
    graph = Graph.from_json((folder / GRAPH).read_text(encoding="utf-8"))
    training, held_out = (examples_of(part, graph.tasks) for part in read_examples(folder.parent))
    program = compile(graph, backend=run["backend"], precision=run["precision"], device=run["device"])
    failure, began = "", time.perf_counter()
    try:
        history = train(program, training, validation=None, epochs=run["epochs"], steps=run["steps"], progress=False)
        if history.interrupted:
            sys.exit(INTERRUPTED)
    except MtlspecError as error:
        failure = str(error)
    seconds, memory = time.perf_counter() - began, most_memory()
    record = Record(
        spec=run["spec"],
        parameters=totals(graph).trainable,
        steps=program.state.steps[0],
        seconds=seconds,
        memory=memory,
        training={} if failure else evaluate(program, training),
        held_out={} if failure else evaluate(program, held_out),
        failure=failure,
    )
    (folder / RECORD).write_text(record.to_json(), encoding="utf-8")


if __name__ == "__main__":
    try:
        for source in sys.argv[2:]:
            import_extension(source)
        work(Path(sys.argv[1]))
    except MtlspecError as error:
        sys.exit(str(error))
