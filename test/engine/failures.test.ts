import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/engine/life/failures.ts";
import { spawnEngine } from "../../src/engine/life/spawn.ts";
import { spawnOptions, taggedProcesses } from "./helpers.ts";

const CORE =
  "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}";
const WORKER =
  "(EngineCore pid=2) Exception: WorkerProc initialization failed due to an exception in a background process. See stack trace for root cause.";
const FAILED = "(EngineCore pid=2) ERROR 11-22 01:54:09 [core.py:1510] EngineCore failed to start.";

/** Output of vLLM, with words of the summary and of the remedy that the error must contain. */
const FAILURES: readonly (readonly [text: string, summary: string, remedy: string])[] = [
  [
    "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.",
    "no memory is left for the key-value cache",
    "--gpu-memory-utilization",
  ],
  [
    "ValueError: To serve at least one request with the model's max seq len (32768), (4.00 GiB KV cache is needed, which is larger than the available KV cache memory (2.00 GiB). Based on the available memory, the estimated maximum model length is 16384.",
    "too small for a single prompt",
    "--max-model-len",
  ],
  [
    "ValueError: The model's max seq len (4096) is larger than the maximum number of tokens that can be stored in KV cache (3664). Try increasing `gpu_memory_utilization`",
    "holds fewer tokens than the longest prompt",
    "--max-model-len",
  ],
  [
    "ValueError: Free memory on device cuda:0 (3.12/14.58 GiB) on startup is less than desired GPU memory utilization (0.92, 13.41 GiB).",
    "another process holds some",
    "nvidia-smi",
  ],
  [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 14.58 GiB",
    "ran out of memory",
    "--max-num-batched-tokens",
  ],
  [
    "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`",
    "neither a GPU",
    "CPU build",
  ],
  ["OSError: [Errno 98] Address already in use", "port is already in use", "another port"],
  [
    "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has compute capability 7.5.",
    "cannot compute in bfloat16",
    "--dtype half",
  ],
  ["ModuleNotFoundError: No module named 'vllm'", "has no vLLM", "abtie setup"],
  ["importlib.metadata.PackageNotFoundError: No package metadata was found for vllm", "has no vLLM", "abtie setup"],
  [
    "vllm: error: unrecognized arguments: --swap-space 4",
    "does not accept one of the arguments",
    "Remove the argument",
  ],
  [
    "ValueError: User-specified max_model_len (9999) is greater than the derived max_model_len (max_position_embeddings=8192)",
    "greater than the length that the model was made for",
    "--max-model-len",
  ],
  [
    "ValueError: Invalid repository ID or local directory specified: '/models/absent'",
    "model was not found",
    "folder with config.json",
  ],
  ["RuntimeError: No CUDA GPUs are available", "no GPU", "CUDA_VISIBLE_DEVICES"],
  [
    "RuntimeError: CUDA error: no kernel image is available for execution on the device",
    "generation",
    "compute capability",
  ],
  ["OSError: [Errno 28] No space left on device", "is full", "--shm-size"],
  [WORKER, "worker process", "NCCL"],
  [FAILED, "engine process failed", "first error in the log"],
  [CORE, "did not come up", "first error in the log"],
];

describe("a server that ends while it starts", () => {
  test.each(FAILURES)("is explained in one sentence with a remedy: %s", async (text, summary, remedy) => {
    const { options, tag, runDir } = await spawnOptions({ failText: text });
    const error = await spawnEngine(options).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "AbtieError", code: "engine" });
    expect(error.message).toContain("The server ended before it was ready (exit status 1).");
    expect(error.message).toContain(summary);
    expect(error.message).toContain(remedy);
    expect(error.details).toEqual([text, `Log: ${runDir}/server.log`]);
    expect(taggedProcesses(tag)).toEqual([]);
  });

  test("is explained by the root cause, not by its consequences", async () => {
    const noise = Array.from({ length: 30 }, (_, i) => `(EngineCore pid=2)   File "core.py", line ${i}`).join("\n");
    const root = "(Worker pid=3) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB";
    const { options } = await spawnOptions({ failText: [root, noise, WORKER, FAILED, CORE].join("\n") });
    const error = await spawnEngine(options).catch((thrown) => thrown);
    expect(error.message).toContain("The GPU ran out of memory");
    expect(error.details[0]).toBe(`Cause: ${root}`);
    expect(error.details).toHaveLength(18);
  });

  test("is explained when its command does not exist", async () => {
    const { options } = await spawnOptions({}, { spec: { command: "/no/such/python" } });
    await expect(spawnEngine(options)).rejects.toThrow(/exit status 127.*command cannot be started.*abtie setup/);
  });

  test("is explained when it was killed from outside", async () => {
    const { options } = await spawnOptions({}, { spec: { command: "/bin/sh", args: ["-c", "kill -9 $$"] } });
    await expect(spawnEngine(options)).rejects.toThrow(/killed by signal 9.*ran out of memory/);
  });
});

describe("the diagnosis of a log", () => {
  test("takes the first of several causes, because later ones are echoes", () => {
    const lines = [
      "ValueError: No available memory for the cache blocks.",
      "OSError: [Errno 98] Address already in use",
    ];
    expect(diagnose(lines)?.summary).toContain("key-value cache");
    expect(diagnose(lines.toReversed())?.summary).toContain("port");
  });

  test("takes no line of a good start for a failure", () => {
    expect(
      diagnose([
        "INFO Free memory on device (13.9/14.6 GiB) on startup. Desired GPU memory utilization is (0.92, 13.4 GiB).",
      ]),
    ).toBeNull();
    expect(diagnose(["WARNING Address already in use. Retrying with a new port."])).toBeNull();
    expect(diagnose([])).toBeNull();
  });

  test("gives the exception itself when it recognises no cause, in preference to the generic line", () => {
    const lines = [FAILED, "(EngineCore pid=2) KeyError: 'model.layers.0.weight'", CORE];
    expect(diagnose(lines)).toMatchObject({
      summary: expect.stringContaining("engine process failed"),
      line: lines[1],
    });
    expect(diagnose([lines[1] ?? ""])?.summary).toBe("The server failed: KeyError: 'model.layers.0.weight'");
  });
});
