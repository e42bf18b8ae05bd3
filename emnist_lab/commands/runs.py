"""Verbs that keep runs in order: runs, export, import, rename, delete."""

from pathlib import Path

from .output import confirm, say, shown, verb


def _runs(options) -> dict:
    from ..runs import registry

    runs, problems = registry.list_runs()
    for problem in problems:
        say(problem)
    rows = [registry.summary(run) for run in runs]
    if not options.json:
        for row in rows:
            print(
                f"{row['run']:<36} {row['split']:<9} {row['train_images']:>7}  "
                f"accuracy {shown(row.get('accuracy'), '.4f'):<6}  "
                f"AUC {shown(row.get('roc_auc_ovo'), '.4f'):<6}"
                f"{'  generated images' if row['generated'] else ''}"
            )
    return {"runs": rows, "problems": problems}


def _export(options) -> dict:
    from ..runs import import_export, registry

    run = registry.open_run(options.run)
    path = import_export.export_to(run, Path(options.file or import_export.file_name(run)))
    size = path.stat().st_size
    say(f"{run.name} lies in {path} now, {size / 1e6:.1f} MB")
    return {"run": run.name, "file": str(path), "bytes": size}


def _import(options) -> dict:
    from ..runs import import_export

    run = import_export.import_run(options.file, options.name)
    say(f"kept as {run.folder}")
    return {"run": run.name, "folder": str(run.folder), "bytes": run.bytes}


def _rename(options) -> dict:
    from ..runs import registry

    old = registry.open_run(options.run)
    run = registry.rename(old, options.name)
    say(f"{old.name} is called {run.name} now")
    return {"run": run.name, "was": old.name, "folder": str(run.folder)}


def _set_prior(options) -> dict:
    from ..runs import registry

    run = registry.open_run(options.run).for_prior(options.prior).save(options.name)
    say(f"kept as {run.folder}")
    return {"run": run.name, "folder": str(run.folder), "prior": run.manifest["prior"]}


def _delete(options) -> dict:
    from ..runs import registry

    if options.run in registry.unusable():
        if not _confirm(options, f"the run {options.run}, which can't be opened"):
            return {"run": options.run, "deleted": False}
        registry.discard(options.run)
        say(f"{options.run} is deleted")
        return {"run": options.run, "deleted": True}
    run = registry.open_run(options.run)
    registry.check_own(run, "deleted")
    size = run.bytes
    if not _confirm(options, f"the run {run.name} ({size / 1e6:.1f} MB)"):
        return {"run": run.name, "deleted": False}
    registry.delete(run)
    say(f"{run.name} is deleted, {size / 1e6:.1f} MB are free again")
    return {"run": run.name, "deleted": True, "bytes": size}


def _confirm(options, what: str) -> bool:
    """Whether the run may be deleted; see `confirm`."""
    kept = f"{options.run} is kept"
    return confirm(options.yes, what, kept, f"The run {kept}: give --yes to delete it unasked.")


def add(verbs) -> None:
    """Add these verbs to the command line."""
    verb(verbs, "runs", _runs, "List the runs at hand.")

    one = verb(verbs, "export", _export, "Write a run as one file, to hand on.")
    one.add_argument("run", metavar="RUN")
    one.add_argument("file", nargs="?", metavar="FILE", help="default: RUN.emnist-run.zip, here")

    one = verb(verbs, "import", _import, "Keep a run that was exported; executes nothing of it.")
    one.add_argument("file", metavar="FILE")
    one.add_argument("--name", help="name of the run (default: its own)")

    one = verb(verbs, "rename", _rename, "Give a run another name.")
    one.add_argument("run", metavar="RUN")
    one.add_argument("name", metavar="NAME")

    one = verb(
        verbs, "set-prior", _set_prior, "Keep a copy that answers for other class frequencies."
    )
    one.add_argument("run", metavar="RUN")
    one.add_argument("prior", metavar="PRIOR", help="equal, training, or as in O=3,0=0.5")
    one.add_argument("--name", help="name of the copy (default: RUN-prior)")

    one = verb(verbs, "delete", _delete, "Delete a run; asks first.")
    one.add_argument("run", metavar="RUN")
    one.add_argument("--yes", action="store_true", help="don't ask")
