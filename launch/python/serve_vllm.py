"""Start vLLM's server, and fork its engine process where vLLM would start it anew.

Run as: python serve_vllm.py MODEL [flags of `vllm serve`]    (with an interpreter that has vLLM)

vLLM's CPU build starts three processes one after another, server, engine and worker, and each imports torch and vLLM anew. The
server has imported all that the engine process needs, so a fork of it is ready at once; vLLM forks too where it is used as a
library. The worker is still started anew: it needs the settings of its threads before it loads a library.
VLLM_WORKER_MULTIPROC_METHOD=spawn in the environment leaves everything to vLLM's command, as does a version of vLLM that starts
the engine process elsewhere.
"""

import importlib
import multiprocessing
import os
import socket
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve as the command line says."""
    if os.environ.get("VLLM_WORKER_MULTIPROC_METHOD") != "spawn":
        fork_engine()
    sys.argv = ["vllm", "serve", *sys.argv[1:]]
    importlib.import_module("vllm.entrypoints.cli.main").main()


def fork_engine() -> None:
    """Have the module that starts the engine process fork it."""
    try:
        starter: Any = importlib.import_module("vllm.v1.engine.utils")
    except ImportError:
        return
    if hasattr(starter, "get_mp_context"):
        starter.get_mp_context = lambda: multiprocessing.get_context("fork")
        os.register_at_fork(after_in_child=close_listening)


def close_listening() -> None:
    """Close the sockets that listen: a port that the forked process holds too would stay open when the server is killed."""
    for name in [each.name for each in Path("/proc/self/fd").iterdir()]:
        try:
            found = socket.socket(fileno=int(name))
        except OSError:
            continue  # no socket, or closed meanwhile
        if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            found.close()
        else:
            found.detach()


if __name__ == "__main__":
    main()
