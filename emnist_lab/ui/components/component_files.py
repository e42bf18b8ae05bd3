"""Style sheets and scripts of components: files beside the module that shows one."""

from pathlib import Path


def files_beside(module: str) -> dict[str, str]:
    """The style sheet and the script that have a module's name and lie beside it.

    Parameters
    ----------
    module : str
        Its ``__file__``.

    Returns
    -------
    dict of str to str
        ``css`` and ``js`` in this order, those that are there: what a component takes.

    Examples
    --------
    >>> from emnist_lab.ui.components import board, matrix
    >>> list(files_beside(board.__file__)), list(files_beside(matrix.__file__))
    (['js'], ['css', 'js'])
    """
    paths = {kind: Path(module).with_suffix(f".{kind}") for kind in ("css", "js")}
    return {kind: path.read_text("utf-8") for kind, path in paths.items() if path.is_file()}
