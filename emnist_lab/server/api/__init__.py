"""The JSON API of a server: reading, runs, samples and jobs for other programs.

It runs in the server's own process and reaches everything through `emnist_lab.server`, as pages do.
"""

from .application import routes

__all__ = ["routes"]
