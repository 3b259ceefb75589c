/** The cause for which a server did not start or for which it ended, and a remedy. */
export interface Diagnosis {
  readonly summary: string;
  readonly remedy: string;
  /** The log line that shows the cause; null when no line does. */
  readonly line: string | null;
}

interface Failure {
  readonly pattern: RegExp;
  readonly summary: string;
  readonly remedy: string;
}

/** Patterns of log lines of vLLM and its libraries, each of which shows a cause. */
const CAUSES: readonly Failure[] = [
  {
    // The supervisor itself writes this line.
    pattern: /^abtie: cannot start /,
    summary: "The engine profile's command cannot be started.",
    remedy:
      "Check the command's path in the engine profile; `abtie setup` installs the engine that the shipped profiles name.",
  },
  {
    pattern: /No available memory for the cache blocks/,
    summary: "After loading the model no memory is left for the key-value cache.",
    remedy:
      "Raise --gpu-memory-utilization, lower --max-num-batched-tokens, use a smaller or quantised model, or (CPU) set VLLM_CPU_KVCACHE_SPACE.",
  },
  {
    pattern: /To serve at least one request with the model's max seq len/,
    summary: "The key-value cache is too small for a single prompt of the longest length allowed.",
    remedy: "Lower --max-model-len (the log line names the length that fits), or raise --gpu-memory-utilization.",
  },
  {
    pattern: /is larger than the maximum number of tokens that can be stored in KV cache/,
    summary: "The key-value cache holds fewer tokens than the longest prompt allowed.",
    remedy: "Lower --max-model-len to the number in the log line, or raise --gpu-memory-utilization.",
  },
  {
    // A server that starts normally also logs "Free memory on device ... Desired GPU memory utilization is ...".
    pattern: /Free memory on device(?!.*Desired GPU memory utilization)/,
    summary: "Less GPU memory is free than --gpu-memory-utilization demands: another process holds some.",
    remedy: "Find and end that process (nvidia-smi lists it), or lower --gpu-memory-utilization.",
  },
  {
    pattern: /CUDA out of memory/,
    summary: "The GPU ran out of memory while the server started.",
    remedy:
      "End other processes on the GPU (nvidia-smi lists them), lower --max-num-batched-tokens, --max-num-seqs or --max-model-len, add --enforce-eager, or use a quantised model.",
  },
  {
    pattern: /Failed to infer device type/,
    summary: "vLLM found neither a GPU that it can use nor its own CPU build.",
    remedy:
      "On a GPU machine check nvidia-smi and the driver's version; on a CPU machine install vLLM's CPU build (its version must contain +cpu), as `abtie setup` does.",
  },
  {
    pattern: /\[Errno 98\]|address already in use\b(?!.*Retrying)/i,
    summary: "The port is already in use by another program.",
    remedy:
      "End that program, set another port in the engine profile, or leave the port out so that a free one is taken.",
  },
  {
    pattern: /Bfloat16 is only supported on GPUs with compute capability of at least 8\.0/,
    summary: "This GPU cannot compute in bfloat16, which the model asks for.",
    remedy: "Add --dtype half to the engine profile's arguments.",
  },
  {
    pattern: /No package metadata was found for vllm|No module named '?vllm/,
    summary: "The Python that was started has no vLLM.",
    remedy: "Run `abtie setup`, or let the engine profile's command name the Python of the environment that has vLLM.",
  },
  {
    pattern: /unrecognized arguments?:/,
    summary: "This version of vLLM does not accept one of the arguments.",
    remedy:
      "Remove the argument that the log line names from the engine profile; vLLM's flags change between versions.",
  },
  {
    pattern: /is greater than the derived max_model_len/,
    summary: "--max-model-len is greater than the length that the model was made for.",
    remedy: "Lower --max-model-len to the number in the log line.",
  },
  {
    pattern:
      /Invalid repository ID or local directory|is not a valid model identifier|is not a local folder|Repo id must (?:be|use)|Cannot find any model weights|couldn't connect to '?https:\/\/huggingface/,
    summary: "The model was not found.",
    remedy:
      "Check the model's path: it must be a folder with config.json and the weights, because nothing is downloaded at the start.",
  },
  {
    pattern: /No CUDA GPUs are available|driver version is insufficient|NVIDIA driver on your system is too old/,
    summary: "CUDA found no GPU that it can use.",
    remedy:
      "Check nvidia-smi, CUDA_VISIBLE_DEVICES, and that the driver is new enough for the CUDA version vLLM was built with.",
  },
  {
    pattern: /no kernel image is available for execution on the device/,
    summary: "This build of vLLM has no code for this GPU's generation.",
    remedy: "Install a build that supports the GPU's compute capability.",
  },
  {
    pattern: /No space left on device|Not enough shared memory|unable to allocate shared memory/i,
    summary: "A disk, or the shared memory /dev/shm, is full.",
    remedy: "Free some space; in a container give it more shared memory (docker: --shm-size 8g).",
  },
];

/** Patterns of log lines that report only that some part failed. They are used when no line shows a cause. */
const CONSEQUENCES: readonly Failure[] = [
  {
    pattern: /WorkerProc initialization failed due to an exception/,
    summary: "A worker process of the server failed while it started.",
    remedy:
      "The first error in the log names the cause; with several GPUs check each one and NCCL (NCCL_DEBUG=INFO, NCCL_P2P_DISABLE=1).",
  },
  {
    pattern: /EngineCore failed to start/,
    summary: "The server's engine process failed while it started.",
    remedy: "The first error in the log names the cause.",
  },
  {
    pattern: /Engine core initialization failed/,
    summary: "The server's engine process did not come up.",
    remedy: "The first error in the log, above that line, names the cause.",
  },
  {
    pattern: /EngineCore encountered an issue|EngineDeadError/,
    summary: "The server's engine process died while requests were being answered.",
    remedy:
      "The first error in the log names the cause; memory is the usual one: lower --max-num-batched-tokens or --gpu-memory-utilization.",
  },
];

/** The last line of a Python traceback, with any prefix that the logger wrote before it. */
const EXCEPTION = /(?:^|\s|\])([A-Za-z_][\w.]*(?:Error|Exception|Interrupt)): .+/;

/**
 * Finds in a server's log the cause of its failure. A cause has precedence over a consequence, and an earlier cause
 * over a later one, because vLLM's processes report each other's failures. Null when no line is recognised.
 */
export function diagnose(lines: readonly string[]): Diagnosis | null {
  const cause = firstMatch(lines, CAUSES);
  if (cause !== null) return cause;
  const consequence = firstMatch(lines, CONSEQUENCES);
  const exception = lines.find(
    (line) => EXCEPTION.test(line) && !CONSEQUENCES.some(({ pattern }) => pattern.test(line)),
  );
  if (consequence !== null) return exception === undefined ? consequence : { ...consequence, line: exception.trim() };
  if (exception === undefined) return null;
  return {
    summary: `The server failed: ${shorten(exception.match(EXCEPTION)?.[0].trim() ?? exception.trim())}`,
    remedy: "The log holds the whole traceback.",
    line: exception.trim(),
  };
}

function firstMatch(lines: readonly string[], failures: readonly Failure[]): Diagnosis | null {
  for (const line of lines) {
    const failure = failures.find(({ pattern }) => pattern.test(line));
    if (failure !== undefined) return { summary: failure.summary, remedy: failure.remedy, line: line.trim() };
  }
  return null;
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
