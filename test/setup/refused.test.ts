import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AbtieError } from "../../src/errors.ts";
import { type Bench, createBench } from "./bench.ts";

test("refuses a machine without a fitting Python, listing what was tried", async () => {
  const error = await fail(await createBench({}, []));
  expect(error.message).toMatch(
    /^no Python 3\.11 to 3\.13 was found \(python3 is missing, python3\.11 is missing, .*\)/,
  );
});

test("refuses a Python that is too old, with its version", async () => {
  const error = await fail(await createBench({ FAKE_VERSION: "3.9.2" }));
  expect(error.message).toContain("python3 is 3.9.2");
  expect(error.message).toContain("apt install python3 python3-venv");
});

test("refuses a Python without ensurepip, naming Debian's package for it", async () => {
  const error = await fail(await createBench({ FAKE_VENV: "false" }));
  expect(error.message).toContain("apt install python3-venv, or python3.11-venv");
});

test("takes a later Python of the list when the first does not fit", async () => {
  const bench = await createBench({}, ["python3.13"]);
  expect((await bench.run()).installed).toHaveLength(3);
});

test("takes the Python that is named and no other", async () => {
  const bench = await createBench({}, ["mine", "python3"]);
  await bench.run({ python: join(bench.folder, "bin", "mine") });
  const error = await fail(await createBench(), { python: "nowhere" });
  expect(error.message).toContain("(nowhere is missing)");
});

test.each([
  ["pip install uv", "NewConnectionError: Failed to establish a new connection: [Errno -2] Name or service not known"],
  ["uv install vllm", "error: Failed to fetch: `https://registry.test/simple/torch/`\n  cause: dns error"],
])("reports that there is no network when `%s` finds none", async (call, text) => {
  const error = await fail(await createBench({ FAKE_FAIL: call, FAKE_TEXT: text }));
  expect(error.message).toContain("the package registry cannot be reached");
  expect(error.message).toContain("PIP_INDEX_URL");
  expect(error.details).toContain(text.split("\n")[0]);
});

test("reports that the disk is full when a tool finds it so, removes what it made, and names the folders to move", async () => {
  const bench = await createBench({
    FAKE_FAIL: "convert_gguf.py",
    FAKE_TEXT: "OSError: [Errno 28] No space left on device",
  });
  const error = await fail(bench);
  expect(error.message).toMatch(/cannot convert the model: the disk is full.*ABTIE_HOME/);
  expect(await readdir(join(bench.home, "tmp"))).toEqual([]);
  expect(await readdir(join(bench.home, "engines"))).toHaveLength(1);
});

test("reports what the processor lacks when the check dies of an unknown instruction", async () => {
  const error = await fail(await createBench({ FAKE_FAIL: "check_engine.py", FAKE_TEXT: "", FAKE_STATUS: "132" }));
  expect(error.message).toContain("AVX2");
});

test("gives the end of the output for a failure that it does not know", async () => {
  const error = await fail(await createBench({ FAKE_FAIL: "uv install vllm", FAKE_TEXT: "strange", FAKE_STATUS: "9" }));
  expect(error.message).toContain("cannot install vLLM: it ended with status 9");
  expect(error.details).toEqual(["strange"]);
});

test("refuses a disk that is too small before anything is downloaded", async ({ skip }) => {
  const bench = await createBench();
  await mkdir(bench.home);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", bench.home], { stdio: "ignore" });
  } catch {
    return skip("mounting a small disk is not permitted here");
  }
  onTestFinished(() => void execFileSync("umount", ["-l", bench.home]));
  const error = await fail(bench);
  expect(error.message).toMatch(
    /^not enough disk space to install uv: .* needs about 0\.2 GB, and its disk has 0\.0 GB free/,
  );
  expect(await bench.calls()).toEqual(["probe"]);
});

test("reports that the folder cannot be made when something is in its way", async () => {
  const bench = await createBench();
  await writeFile(bench.home, "");
  await chmod(bench.home, 0o400);
  await expect(bench.run()).rejects.toThrow(/cannot create .*home \(EEXIST\)/);
});

async function fail(bench: Bench, options?: Parameters<Bench["run"]>[0]): Promise<AbtieError> {
  const error: unknown = await bench.run(options).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AbtieError);
  expect((error as AbtieError).code).toBe("engine");
  return error as AbtieError;
}
