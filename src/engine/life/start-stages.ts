/** Describes the stage of the start that a line of the server's log shows; null for a line that shows no stage. */
export function stageOf(line: string): string | null {
  for (const [pattern, describe] of STAGES) {
    const match = line.match(pattern);
    if (match !== null) return describe(match);
  }
  return null;
}

/** Patterns of lines in vLLM's log, each with a short description for a person. */
const STAGES: readonly (readonly [pattern: RegExp, describe: (match: RegExpMatchArray) => string])[] = [
  [/Initializing a V\d LLM engine/, () => "starting the engine process"],
  [/Starting to load model/, () => "loading the model"],
  [
    /Loading safetensors checkpoint shards:\s+(\d+)% Completed \| (\d+)\/(\d+)/,
    ([, , done, all]) => `loading weights, part ${done} of ${all}`,
  ],
  [/Loading weights took ([\d.]+)/, ([, seconds]) => `weights loaded in ${Number(seconds).toFixed(1)} s`],
  [/Model loading took ([\d.]+) Gi?B/, ([, gib]) => `model loaded, ${Number(gib).toFixed(1)} GiB`],
  [
    /Starting torch\.compile|torch\.compile takes|Compiling a graph/,
    () => "compiling kernels (the first time this takes minutes)",
  ],
  [/Capturing CUDA graphs/, () => "capturing CUDA graphs"],
  [/KV cache size: ([\d,]+) tokens(?:, Maximum concurrency for ([\d,]+) tokens per request: ([\d.]+)x)?/, kvCache],
  [
    /Maximum concurrency for ([\d,]+) tokens per request: ([\d.]+)x/,
    ([, tokens, times]) => `room for ${times} prompts of ${tokens} tokens at once`,
  ],
  [/init engine .* took ([\d.]+) s/, ([, seconds]) => `engine initialised in ${Number(seconds).toFixed(1)} s`],
  [/Starting vLLM (?:API )?server|Application startup complete/, () => "starting to listen"],
];

function kvCache([, size, tokens, times]: RegExpMatchArray): string {
  const room = tokens === undefined ? "" : `, room for ${times} prompts of ${tokens} tokens at once`;
  return `key-value cache for ${size} tokens${room}`;
}
