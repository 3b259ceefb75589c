/** The first text that two tokenizers see differently. */
export interface TokenizationDifference {
  /** Which of the samples, counted from 0. */
  readonly sample: number;
  /** First token that differs, counted from 0. */
  readonly position: number;
  readonly local: readonly number[];
  readonly server: readonly number[];
  /** One sentence for a person. */
  readonly description: string;
}

type Tokenize = (text: string) => Promise<readonly number[]>;

/**
 * Compares the tokenizer here with the server's on sample texts, and gives the first difference, or null. Token ids that are
 * made here and mean something else there would give wrong numbers without any error.
 */
export async function compareTokenization(
  local: Tokenize,
  server: Tokenize,
  samples: readonly string[],
): Promise<TokenizationDifference | null> {
  for (const [sample, text] of samples.entries()) {
    const [here, there] = await Promise.all([local(text), server(text)]);
    const position = firstDifference(here, there);
    if (position === null) continue;
    const show = (ids: readonly number[]): string => (position < ids.length ? `token ${ids[position]}` : "the end");
    return {
      sample,
      position,
      local: here,
      server: there,
      description: `Sample ${sample + 1}: token ${position + 1} is ${show(here)} here and ${show(there)} on the server (${here.length} and ${there.length} tokens): ${JSON.stringify(text.slice(0, 80))}`,
    };
  }
  return null;
}

function firstDifference(a: readonly number[], b: readonly number[]): number | null {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) if (a[i] !== b[i]) return i;
  return a.length === b.length ? null : shorter;
}
