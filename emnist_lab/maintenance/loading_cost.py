"""Time and memory of loading a part, measured in a process of its own.

``python -m emnist_lab.maintenance.loading_cost SPLIT PART ROOT`` prints one JSON object.
"""

import gzip
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ..data import loading
from ..data.formats import official_files
from ..data.splits import OFFICIAL
from ..errors import LabError
from ..files import PROJECT
from ..models import memory


def _peak() -> float:
    found = memory.peak()
    if math.isnan(found):
        raise LabError("Peak memory is read from /proc: measure it on Linux.")
    return found


def _here(split: str, part: str, root: str) -> dict:
    before = _peak()
    begun = time.perf_counter()
    data = loading.load(split, part, root)
    first = time.perf_counter() - begun
    peak = _peak()
    begun = time.perf_counter()
    again = loading.load(split, part, root)
    second = time.perf_counter() - begun
    begun = time.perf_counter()
    again.sample(20_000)
    drawn = time.perf_counter() - begun
    return {
        "images": len(data),
        "array_MB": data.images.nbytes / 1e6,
        "first_s": first,
        "again_s": second,
        "sample_of_20000_s": drawn,
        "peak_of_first / array": (peak - before) / data.images.nbytes,
        "peak_with_a_sample / array": (_peak() - before) / data.images.nbytes,
    }


def measure_loading(split: str, part: str, root: str) -> dict:
    """Load a part in a new process with an empty cache.

    Parameters
    ----------
    split, part : str
    root : str
        See `emnist_lab.data.dataset_address.DatasetAddress.parse`.

    Returns
    -------
    dict
        Images, megabytes of the array, seconds of the first and of another
        loading, peak memory as a multiple of the array: what the process held
        beyond what it held before, mapped pages of files counted.

    Raises
    ------
    LabError
        The part can't be loaded, or memory can't be read on this system.
    """
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "emnist_lab.maintenance.loading_cost", split, part, str(root)],
            env={**os.environ, "EMNIST_LAB_HOME": home, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise LabError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


def write_official_size_copy(split: str, part: str, root: str | None, into: Path) -> None:
    """Write files as large as NIST's, from repeats of the images at hand.

    Parameters
    ----------
    split, part : str
    root : str or None
        Where the images come from.
    into : pathlib.Path
        Folder for the three files.
    """
    data = loading.load(split, part, root)
    count = OFFICIAL[split][("train", "test").index(part)]
    names = official_files.names(split, part)
    with gzip.open(into / f"{names['images']}.gz", "wb", compresslevel=1) as file:
        file.write(struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28))
        stored = np.ascontiguousarray(data.images.transpose(0, 2, 1))
        for start in range(0, count, len(stored)):
            file.write(stored[: count - start].tobytes())
    with gzip.open(into / f"{names['labels']}.gz", "wb", compresslevel=1) as file:
        file.write(struct.pack(">4BI", 0, 0, 8, 1, count))
        file.write(np.resize(data.labels, count).astype(np.uint8).tobytes())
    lines = (f"{index} {ord(name)}\n" for index, name in enumerate(data.classes))
    (into / names["mapping"]).write_text("".join(lines), encoding="ascii")


if __name__ == "__main__":
    try:
        print(json.dumps(_here(*sys.argv[1:4])))
    except LabError as error:
        sys.exit(str(error))
