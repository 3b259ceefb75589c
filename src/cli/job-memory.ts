/**
 * Flags for the heap of the job, in MB. If the old generation may exceed 2000 MB, V8 lets garbage grow to four times the size of
 * the live objects. With this limit and a small young generation, resident memory is 90 MB lower. Long rows leave so much garbage
 * that the heap of a run of 200,000 of them still grew to several times its live 80 MB; with a growth of at most 50 % after each
 * collection it does not, for 8 to 25 % more time of the processors (10,000 and 15,000 rows). The tokenizer of a big vocabulary
 * leaves 100 MB of garbage, which is collected when it is loaded.
 */
export const HEAP_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--max-old-space-size=2000",
  "--heap-growing-percent=50",
  "--expose-gc",
];

/**
 * Settings of glibc's allocator, in bytes. By default it keeps freed memory for the next request of this size: every freed file of
 * a tokenizer raises its threshold, up to 32 MB. With fixed ones, resident memory is 40 MB lower (Gemma's vocabulary), at the same
 * speed. Other systems do not read them.
 */
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: "4000000", MALLOC_TRIM_THRESHOLD_: "4000000" } as const;

/** Returns the settings of the allocator that the job gets; none where the person has chosen one. */
export function allocatorSettings(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return Object.keys(ALLOCATOR).some((name) => environment[name] !== undefined) ? {} : ALLOCATOR;
}
