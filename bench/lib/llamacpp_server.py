"""Serves a GGUF model with llama.cpp's HTTP server from the PyPI package xllamacpp, until standard input is closed.

python llamacpp_server.py MODEL.gguf
Prints the address of the server. One thread, because the threads of llama.cpp wait busily for each other, which is slow on a
machine that does other work too.
"""

import sys

import xllamacpp


def main() -> None:
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx = 2048
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.warmup = False
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    print("listening", server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
