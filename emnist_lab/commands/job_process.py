"""What a job's process runs: a watch for its server's end, then the command line.

It is run by its path, not as a module: to import the package takes seconds, on a busy machine
minutes, in which a process would outlive a server that was killed. So nothing heavy stands here.
"""

import os
import runpy
import threading


def end_with_server(stdin: int = 0) -> None:
    """End this process when the server that started it does, however that ends.

    The server holds the other end of a pipe that nobody writes to. The system closes it with the
    server; one that is gone already has closed it too, so nothing can come in between.

    Parameters
    ----------
    stdin : int
        File descriptor of the pipe.
    """

    def wait():
        while os.read(stdin, 4096):
            pass
        os._exit(1)  # a run that is being written stays invisible

    threading.Thread(target=wait, name="server", daemon=True).start()


if __name__ == "__main__":
    end_with_server()
    runpy.run_module("emnist_lab", run_name="__main__", alter_sys=True)
