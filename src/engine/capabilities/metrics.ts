import { sum } from "../../numbers/sums.ts";

/**
 * The metrics that a server reports about itself, summed over its engines; null for a metric that the server does not
 * report. Counters begin at the start of the server.
 */
export interface EngineMetrics {
  /** Requests that the server computes, and requests that wait to be computed. */
  readonly running: number | null;
  readonly waiting: number | null;
  /** Share of the key-value cache that is in use, 0 to 1; of several engines the largest share. */
  readonly kvCacheUsage: number | null;
  /** Tokens that the server looked up in its prefix cache, and tokens that it found there. */
  readonly prefixCacheQueries: number | null;
  readonly prefixCacheHits: number | null;
  readonly preemptions: number | null;
  readonly promptTokens: number | null;
  readonly queueTime: Histogram | null;
  readonly prefillTime: Histogram | null;
  readonly requestLatency: Histogram | null;
  /** Number of steps that the engine has computed, and the number of tokens in all of them. */
  readonly steps: { readonly tokens: number; readonly count: number } | null;
}

/** A histogram of durations: their sum in seconds and their number. */
interface Histogram {
  readonly seconds: number;
  readonly count: number;
}

/** The name in the present version of vLLM, then the name in older versions. */
const KV_CACHE = ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"] as const;

/** Reads the /metrics page in the Prometheus text format; null when the page contains no metric of vLLM. */
export function parseMetrics(page: string): EngineMetrics | null {
  const samples = readSamples(page);
  if (samples.size === 0) return null;
  const total = (...names: readonly string[]): number | null => {
    const values = names.map((name) => samples.get(name)).find((found) => found !== undefined);
    return values === undefined ? null : sum(values);
  };
  const histogram = (name: string): Histogram | null => {
    const seconds = total(`${name}_sum`);
    const count = total(`${name}_count`);
    return seconds === null || count === null ? null : { seconds, count };
  };
  const steps = histogram("vllm:iteration_tokens_total");
  const kv = KV_CACHE.map((name) => samples.get(name)).find((found) => found !== undefined);
  return {
    running: total("vllm:num_requests_running"),
    waiting: total("vllm:num_requests_waiting"),
    kvCacheUsage: kv === undefined ? null : Math.max(...kv),
    prefixCacheQueries: total("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
    prefixCacheHits: total("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
    preemptions: total("vllm:num_preemptions_total"),
    promptTokens: total("vllm:prompt_tokens_total"),
    queueTime: histogram("vllm:request_queue_time_seconds"),
    prefillTime: histogram("vllm:request_prefill_time_seconds"),
    requestLatency: histogram("vllm:e2e_request_latency_seconds"),
    steps: steps === null ? null : { tokens: steps.seconds, count: steps.count },
  };
}

/** Collects the values of each metric of vLLM. A metric has one value for each engine and each set of labels. */
function readSamples(page: string): ReadonlyMap<string, readonly number[]> {
  const samples = new Map<string, number[]>();
  for (const line of page.split("\n")) {
    if (!line.startsWith("vllm:")) continue;
    // Labels may contain spaces and braces. The value follows the last closing brace, and a timestamp may follow the
    // value.
    const nameEnd = line.search(/[{ ]/);
    const rest = line[nameEnd] === "{" ? line.slice(line.lastIndexOf("}") + 1) : line.slice(nameEnd);
    const value = Number.parseFloat(rest.trim());
    if (nameEnd < 0 || !Number.isFinite(value)) continue;
    const name = line.slice(0, nameEnd);
    const values = samples.get(name);
    if (values === undefined) samples.set(name, [value]);
    else values.push(value);
  }
  return samples;
}
