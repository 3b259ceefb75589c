import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Setup, type SetupOptions, type SetupStep, setup } from "../../src/setup/setup.ts";
import { systemClock } from "../../src/system.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const FAKE = fileURLToPath(new URL("../fixtures/setup/fake-tool.sh", import.meta.url));
/** What the stand-in needs; nothing else is on the PATH, so that no real Python is found. */
const NEEDED = ["mkdir", "ln", "readlink", "sleep"];

/** A folder to set up, and tools that only look like Python and uv. */
export interface Bench {
  readonly folder: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly SetupStep[];
  /** What the tools were called for so far, in order. */
  readonly calls: () => Promise<readonly string[]>;
  readonly run: (options?: Partial<SetupOptions>) => Promise<Setup>;
}

/** Makes a bench; `pythons` are the names under which the stand-in is on the PATH. */
export async function createBench(
  env: Readonly<Record<string, string>> = {},
  pythons: readonly string[] = ["python3"],
): Promise<Bench> {
  const folder = await temporaryFolder();
  const bin = join(folder, "bin");
  await mkdir(bin);
  for (const name of pythons) await symlink(FAKE, join(bin, name));
  for (const name of NEEDED) await symlink(join("/bin", name), join(bin, name));
  const calls = join(folder, "calls");
  const all = { PATH: bin, HOME: folder, FAKE_CALLS: calls, ...env };
  const home = join(folder, "home");
  const steps: SetupStep[] = [];
  return {
    folder,
    home,
    env: all,
    steps,
    calls: async () => (await readFile(calls, "utf8").catch(() => "")).split("\n").filter((line) => line !== ""),
    run: (options) =>
      setup({
        home,
        env: all,
        clock: systemClock,
        log: () => {},
        progress: (step) => steps.push(step),
        signal: new AbortController().signal,
        gpu: "cpu",
        ...options,
      }),
  };
}

/** Every call of a whole installation, in order. */
export const ALL_CALLS = [
  "probe",
  "python venv",
  "pip install uv",
  "pip config",
  "uv cache",
  "uv venv",
  "uv look for torch",
  "uv install vllm",
  "name_vllm.py",
  "check_engine.py",
  "uv install model",
  "convert_gguf.py",
] as const;
