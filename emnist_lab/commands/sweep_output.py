"""What verbs of sweeps say: progress fit by fit, tables, CSV, plain values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import LabError
from ..runs.progress import Progress
from . import events
from .output import say, shown


def teller(as_events: bool, more: dict[str, Any]) -> Callable[[Progress], None]:
    """What tells of every fit that ended; in events, of those that go on too.

    Parameters
    ----------
    as_events : bool
    more : dict
        See `emnist_lab.commands.events.teller`.

    Returns
    -------
    callable
    """
    tell, told = events.teller(as_events, more), [-1]

    def tell_ends(progress: Progress) -> None:
        if as_events:
            tell(progress)
        elif progress.step != told[0]:
            told[0] = progress.step
            left = f", about {progress.remaining:.0f} s left" if progress.remaining > 0 else ""
            say(f"{progress.step}/{progress.steps} {progress.title}{left}")

    return tell_ends


def as_json(found) -> dict:
    """A sweep with all its scores, as verbs give it back.

    Parameters
    ----------
    found : Sweep

    Returns
    -------
    dict
    """
    from ..evaluation.sweeps.cross_validated_comparison import paired_differences

    manifest = found.manifest
    made = {
        "sweep": found.name,
        "recipes": [one["name"] for one in manifest["recipes"]],
        "search": manifest["search"],
        "metric": found.metric,
        "folds": manifest["folds"],
        "repeats": manifest["repeats"],
        "fits": found.fits,
        "complete": found.complete,
        "trained_on": manifest["data"]["name"],
        "generated": found.generated,
        "notes": found.notes,
        "candidates": found.table(splits=True).to_dict("records"),
    }
    if found.comparison:
        made["differences"] = paired_differences(found).to_dict("records")
    return made


def print_table(found) -> None:
    """Print candidates with their mean scores, and of recipes that are compared the differences.

    Parameters
    ----------
    found : Sweep
    """
    from ..evaluation.sweeps.cross_validated_comparison import paired_differences

    table = found.table()
    axes = [name.rpartition("__")[2] for name in found.axes]
    keep = ["rank", *(["recipe"] if found.comparison else []), *axes, "images", "fits"]
    metric = found.metric
    keep += dict.fromkeys([metric, f"{metric}_std", "accuracy", "log_loss", "fit_s"])
    if table["reason"].any():
        keep.append("reason")
    print(table[keep].to_string(index=False, na_rep="–", float_format=lambda one: f"{one:.5g}"))
    if found.comparison:
        for row in paired_differences(found).to_dict("records"):
            print(
                f"{row['better']} − {row['other']}: {row['difference']:+.4f} "
                f"[{shown(row['low'], '+.4f')}, {shown(row['high'], '+.4f')}], "
                f"p {shown(row['p'], '.3f')}"
            )


def write_csv(found, path: Path) -> None:
    """Write candidates and all scores.

    Parameters
    ----------
    found : Sweep
    path : pathlib.Path

    Raises
    ------
    LabError
        It can't be written.
    """
    try:
        path.write_text(found.csv(), encoding="utf-8")
    except OSError as error:
        raise LabError(
            f"{path} can't be written ({error.strerror or error}): name another file."
        ) from error
    say(f"its scores lie in {path}")


def summary(one) -> dict:
    """A sweep in a list of them.

    Parameters
    ----------
    one : Sweep

    Returns
    -------
    dict
    """
    best = one.ranking[0] if one.ranking else None
    return {
        "sweep": one.name,
        "recipes": [recipe["name"] for recipe in one.manifest["recipes"]],
        "search": one.manifest["search"],
        "metric": one.metric,
        "fits": one.fits,
        "done": len(one.records),
        "complete": one.complete,
        "created": one.manifest["created"],
        "generated": one.generated,
        "best": best.candidate.settings if best else None,
        "mean": best.mean(one.metric) if best else None,
        "std": best.std(one.metric) if best else None,
    }
