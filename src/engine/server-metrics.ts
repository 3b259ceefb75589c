import type { EngineMetrics, Summary } from "./types.ts";

/** Current name first, then the names that older versions of vLLM used. */
const KV_CACHE = ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"] as const;

/** Reads vLLM's page in the Prometheus text format; null when it holds nothing of vLLM. */
export function parseMetrics(page: string): EngineMetrics | null {
  const samples = readSamples(page);
  if (samples.size === 0) return null;
  const sum = (...names: readonly string[]): number | null => {
    const values = names.map((name) => samples.get(name)).find((found) => found !== undefined);
    return values === undefined ? null : values.reduce((total, value) => total + value, 0);
  };
  const summary = (name: string): Summary | null => {
    const seconds = sum(`${name}_sum`);
    const count = sum(`${name}_count`);
    return seconds === null || count === null ? null : { seconds, count };
  };
  const steps = summary("vllm:iteration_tokens_total");
  const kv = KV_CACHE.map((name) => samples.get(name)).find((found) => found !== undefined);
  return {
    running: sum("vllm:num_requests_running"),
    waiting: sum("vllm:num_requests_waiting"),
    kvCacheUsage: kv === undefined ? null : Math.max(...kv),
    prefixCacheQueries: sum("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
    prefixCacheHits: sum("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
    preemptions: sum("vllm:num_preemptions_total"),
    promptTokens: sum("vllm:prompt_tokens_total"),
    queueTime: summary("vllm:request_queue_time_seconds"),
    prefillTime: summary("vllm:request_prefill_time_seconds"),
    requestLatency: summary("vllm:e2e_request_latency_seconds"),
    steps: steps === null ? null : { tokens: steps.seconds, count: steps.count },
  };
}

/** All values of each of vLLM's names: one for each engine, or for each set of labels. */
function readSamples(page: string): ReadonlyMap<string, readonly number[]> {
  const samples = new Map<string, number[]>();
  for (const line of page.split("\n")) {
    if (!line.startsWith("vllm:")) continue;
    // Labels may hold spaces and braces; the value stands after the last closing brace, and a timestamp may follow it.
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
