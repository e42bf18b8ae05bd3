"""Errors whose message a person can act on: one sentence, with its remedy."""


class LabError(Exception):
    """Base of every error that is shown to a person as it is.

    The command line prints it on one line and exits with status 2; a page
    shows it in a red box. Anything else that is raised is a defect of ours.
    """

    def __str__(self) -> str:
        # It may quote a file's name or content: line ends, and what turns or hides text, go.
        return "".join(one if one.isprintable() else "?" for one in super().__str__())


class DatasetError(LabError):
    """The dataset is absent, incomplete or not what it says it is."""


class InkError(LabError):
    """A drawing or picture holds nothing that could be a character."""


class RunError(LabError):
    """A run is absent, damaged, refused, or doesn't fit what is asked of it."""


class SharedHomeError(RunError, DatasetError):
    """What replicas share can't be reached, read or written at its address."""


class TrainingError(LabError):
    """A recipe can't be fitted to what was given."""


class TrainingCancelled(LabError):
    """Training stopped because someone asked for it; nothing was kept."""


class ClusterError(LabError):
    """The cluster isn't there, can't be used, or ended while it worked."""


class HandwritingError(LabError):
    """Drawings can't be kept or looked up: their database is away, or they aren't usable."""


class AccessError(LabError):
    """A visitor of a server asked for what they have no right to."""


def first_line(error: BaseException) -> str:
    """One line for `error`, for places that show foreign exceptions.

    Parameters
    ----------
    error : BaseException
        Any exception.

    Returns
    -------
    str
        The message's first line, or the type's name where there is none.
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
