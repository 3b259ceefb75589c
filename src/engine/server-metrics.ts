import { sum } from "../numbers/sums.ts";
import type { EngineMetrics, Summary } from "./types.ts";

/** Current name first, then the names that older versions of vLLM used. */
const KV_CACHE = ["vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"] as const;

/** Reads vLLM's page in the Prometheus text format; null when it holds nothing of vLLM. */
export function parseMetrics(page: string): EngineMetrics | null {
  const samples = readSamples(page);
  if (samples.size === 0) return null;
  const total = (...names: readonly string[]): number | null => {
    const values = names.map((name) => samples.get(name)).find((found) => found !== undefined);
    return values === undefined ? null : sum(values);
  };
  const summary = (name: string): Summary | null => {
    const seconds = total(`${name}_sum`);
    const count = total(`${name}_count`);
    return seconds === null || count === null ? null : { seconds, count };
  };
  const steps = summary("vllm:iteration_tokens_total");
  const kv = KV_CACHE.map((name) => samples.get(name)).find((found) => found !== undefined);
  return {
    running: total("vllm:num_requests_running"),
    waiting: total("vllm:num_requests_waiting"),
    kvCacheUsage: kv === undefined ? null : Math.max(...kv),
    prefixCacheQueries: total("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total"),
    prefixCacheHits: total("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
    preemptions: total("vllm:num_preemptions_total"),
    promptTokens: total("vllm:prompt_tokens_total"),
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
