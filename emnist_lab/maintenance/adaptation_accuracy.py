"""What learning one hand brings, by writer: figures that `bench --only adapt` prints."""

import time
from collections import defaultdict

import numpy as np

from ..errors import InkError
from ..handwriting.adaptation import adapt
from ..handwriting.drawing_reader import predict_rasters, rasterize_drawings
from ..runs.run import Run
from .drawing_robustness import measure_latency, place_randomly

SEED = 25
_FEW = 10  # drawings of as many characters, of all that a writer drew
_DRAWS = 24  # of so many drawings, each writer


def measure_adaptation(run: Run, drawings: list[dict], seed: int = SEED) -> dict:
    """Accuracy on each writer's drawings, before and after the run learned others of them.

    From the first drawing of each character the run learns, and is measured on the writer's other
    drawings. No drawing that is measured on was learned from, and no other writer's is.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        With ``strokes``, ``label`` and ``writer``; writers who drew no character twice, or fewer
        than 20 characters, are left out.
    seed : int
        Of the places of the drawings, and of which few are drawn.

    Returns
    -------
    dict
        ``writers``; ``learned``, the median number of drawings; ``before`` and ``after`` over all
        writers, ``halves`` of them (every second), ``worst change`` of a writer; the same from
        ten drawings; ``adapt_s``, the median time to learn; ``median_ms`` from strokes to
        probabilities, adapted.

    Raises
    ------
    InkError
        There is no such writer.
    """
    people = _people(place_randomly(drawings, seed))
    if not people:
        raise InkError(
            "No writer of these drawings drew 20 characters, and one of them twice: choose a file "
            'with several drawings of each character by each "writer".'
        )
    random = np.random.default_rng(seed)
    rows, few, times, mine = [], [], [], run
    for learned, others in people:
        measured = others, *rasterize_drawings(others)  # once for all the runs that read them
        before = _accuracy(run, *measured)
        begun = time.perf_counter()
        mine = adapt(run, learned)
        times.append(time.perf_counter() - begun)
        rows.append((before, _accuracy(mine, *measured)))
        after = []
        for _ in range(_DRAWS):
            chosen = random.choice(len(learned), _FEW, replace=False)
            few_learned = adapt(run, [learned[index] for index in chosen])
            after.append(_accuracy(few_learned, *measured))
        few.append((before, float(np.mean(after))))
    every, little = np.array(rows), np.array(few)
    return {
        "writers": len(people),
        "learned": float(np.median([len(learned) for learned, _ in people])),
        "before": float(every[:, 0].mean()),
        "after": float(every[:, 1].mean()),
        "halves": [float(every[start::2, 1].mean()) for start in (0, 1)],
        "worst change": float((every[:, 1] - every[:, 0]).min()),
        f"after {_FEW}": float(little[:, 1].mean()),
        f"worst change after {_FEW}": float((little[:, 1] - little[:, 0]).min()),
        "adapt_s": float(np.median(times)),
        "median_ms": measure_latency(mine, drawings),
    }


def _accuracy(run: Run, *measured) -> float:
    return predict_rasters(run, *measured).summary()["accuracy"]


def _people(drawings: list[dict]) -> list[tuple[list[dict], list[dict]]]:
    """Of each writer the first drawing of each character, and the others."""
    by_writer: dict[str, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for one in drawings:
        by_writer[str(one.get("writer", ""))][one["label"]].append(one)
    found = []
    for characters in by_writer.values():
        learned = [same[0] for same in characters.values()]
        others = [one for same in characters.values() for one in same[1:]]
        if len(learned) >= 2 * _FEW and others:
            found.append((learned, others))
    return found
