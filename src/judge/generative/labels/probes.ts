/** One question about a prompt: the log probabilities of `ids` as the next token after the prompt and `suffix`. */
export interface Probe {
  readonly suffix: readonly number[];
  readonly ids: readonly number[];
}

/**
 * Lists the probes that score token sequences exactly. The probes are the inner nodes of the tree (trie) of the
 * sequences: probe 0 asks for every first token, and each token that does not end its sequence adds a probe for the
 * tokens that may follow it. If each label has one token, one probe is enough. Expects that no sequence begins with
 * another sequence.
 */
export function planProbes(sequences: readonly (readonly number[])[]): readonly Probe[] {
  const probes: Probe[] = [];
  let open: readonly (readonly number[])[] = [[]];
  while (open.length > 0) {
    const next: (readonly number[])[] = [];
    for (const suffix of open) {
      const through = sequences.filter((sequence) => startsWith(sequence, suffix) && sequence.length > suffix.length);
      const ids = [...new Set(through.map((sequence) => sequence[suffix.length] as number))];
      probes.push({ suffix, ids });
      const inner = ids.filter((id) =>
        through.some((sequence) => sequence.length > suffix.length + 1 && sequence[suffix.length] === id),
      );
      next.push(...inner.map((id) => [...suffix, id]));
    }
    open = next;
  }
  return probes;
}

/** True when a sequence begins with another one or equals it. */
export function startsWith(sequence: readonly number[], start: readonly number[]): boolean {
  return start.length <= sequence.length && start.every((id, i) => id === sequence[i]);
}
