"""Tests of serve_vllm.py, with modules that only look like vLLM."""

import os
import socket
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from serve_vllm import close_listening, main

Install = Callable[[dict[str, object]], ModuleType]


@pytest.fixture
def served() -> list[list[str]]:
    """The command lines with which vLLM's command was called."""
    return []


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, served: list[list[str]]) -> Install:
    """Put a vLLM in place whose module that starts the engine has these names."""

    def put(names: dict[str, object]) -> ModuleType:
        command, starter = ModuleType("vllm.entrypoints.cli.main"), ModuleType("vllm.v1.engine.utils")
        command.__dict__["main"] = lambda: served.append(list(sys.argv))
        starter.__dict__.update(names)
        for name in ("vllm", "vllm.entrypoints", "vllm.entrypoints.cli", "vllm.v1", "vllm.v1.engine"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setitem(sys.modules, command.__name__, command)
        monkeypatch.setitem(sys.modules, starter.__name__, starter)
        monkeypatch.setattr(sys, "argv", ["serve_vllm.py", "MODEL", "--port", "8000"])
        monkeypatch.delenv("VLLM_WORKER_MULTIPROC_METHOD", raising=False)
        return starter

    return put


def test_the_engine_process_is_forked(install: Install, served: list[list[str]]) -> None:
    starter = install({"get_mp_context": lambda: None})
    main()
    assert starter.get_mp_context().get_start_method() == "fork"
    assert served == [["vllm", "serve", "MODEL", "--port", "8000"]]


def test_a_method_that_the_environment_names_is_kept(
    install: Install, served: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = install({"get_mp_context": lambda: None})
    monkeypatch.setenv("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
    main()
    assert starter.get_mp_context() is None
    assert len(served) == 1


def test_a_vllm_that_starts_its_engine_elsewhere_is_served_as_it_is(install: Install, served: list[list[str]]) -> None:
    starter = install({})
    main()
    assert not hasattr(starter, "get_mp_context")
    assert len(served) == 1


def test_a_forked_process_holds_no_port_of_the_server() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listening.getsockname())
    child = os.fork()
    if child == 0:
        close_listening()
        ended = [each.fileno() for each in (listening, client) if is_closed(each.fileno())]
        os._exit(0 if ended == [listening.fileno()] else 1)
    assert os.waitpid(child, 0)[1] == 0


def is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False
