"""Tests of check_engine.py, with modules that only look like torch and vLLM."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from check_engine import check


def install_fakes(monkeypatch: pytest.MonkeyPatch, *, platform: str, gpus: list[str], kernels: bool = True) -> None:
    def import_kernels() -> None:
        if not kernels:
            raise ImportError("libcuda.so.1: cannot open shared object file")

    torch = ModuleType("torch")
    torch.__dict__.update(
        __version__="2.13.0",
        version=SimpleNamespace(cuda="13.0"),
        cuda=SimpleNamespace(is_available=lambda: bool(gpus), device_count=lambda: len(gpus), get_device_name=lambda i: gpus[i]),
    )
    vllm = ModuleType("vllm")
    vllm.__dict__.update(__version__="0.32.0")
    platforms = ModuleType("vllm.platforms")
    platforms.__dict__["current_platform"] = SimpleNamespace(
        import_kernels=import_kernels,
        is_cuda=lambda: platform == "cuda",
        is_cpu=lambda: platform == "cpu",
        device_name=platform,
    )
    for module in (torch, vllm, platforms):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_versions_and_gpus_are_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    install_fakes(monkeypatch, platform="cuda", gpus=["Tesla T4", "Tesla T4"])
    found = check("cuda")
    assert found["vllm"] == "0.32.0"
    assert found["gpus"] == ["Tesla T4", "Tesla T4"]


def test_another_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    install_fakes(monkeypatch, platform="tpu", gpus=[])
    with pytest.raises(SystemExit, match="took the platform 'tpu', expected 'cpu'"):
        check("cpu")


def test_cuda_without_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    install_fakes(monkeypatch, platform="cuda", gpus=[])
    with pytest.raises(SystemExit, match=r"sees no GPU: is the driver new enough for CUDA 13\.0"):
        check("cuda")


def test_missing_kernels_end_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    install_fakes(monkeypatch, platform="cpu", gpus=[], kernels=False)
    with pytest.raises(ImportError, match="libcuda"):
        check("cpu")
