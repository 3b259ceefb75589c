/**
 * Number of different logits of the usual tokens. All tokens with the same id modulo this number share one logit in
 * [0, 4), so that the sum over the whole vocabulary is exact and cheap.
 */
const CLASSES = 512;

/** Log probabilities of the next token, in nats. */
export interface Distribution {
  readonly logProb: (id: number) => number;
  /** The k most likely tokens with their log probabilities, the most likely first. */
  readonly top: (k: number) => readonly (readonly [number, number])[];
}

/** The model: the size of its vocabulary, and the logits of the tokens that it treats unlike the usual ones after a prompt. */
export interface FakeModel {
  readonly vocab: number;
  readonly seed: number;
  /** `hash` is a number that the prompt and the seed decide. */
  readonly logits: (prompt: readonly number[], hash: number) => ReadonlyMap<number, number>;
}

/** Computes the distribution over the whole vocabulary after a prompt of token ids; `bias` is added to the logits of its tokens. */
export function distribution(
  prompt: readonly number[],
  model: FakeModel,
  bias: ReadonlyMap<number, number> = new Map(),
): Distribution {
  const hash = hashOf(prompt, model.seed);
  const chosen = model.logits(prompt, hash);
  const usual = (id: number): number => 4 * uniformOf(hash, id % CLASSES);
  const logit = (id: number): number => (chosen.get(id) ?? usual(id)) + (bias.get(id) ?? 0);
  const special = new Set([...chosen.keys(), ...bias.keys()]);
  // Subtracted before exp: a bias of 100 would otherwise swallow the rest of the digits.
  const highest = Math.max(4, ...[...special].map(logit));
  let sum = 0;
  for (let id = 0; id < CLASSES; id += 1) {
    const members = Math.floor((model.vocab - 1 - id) / CLASSES) + 1;
    sum += members * Math.exp(usual(id) - highest);
  }
  for (const id of special) sum += Math.exp(logit(id) - highest) - Math.exp(usual(id) - highest);
  const logNormaliser = highest + Math.log(sum);
  const logProb = (id: number): number => logit(id) - logNormaliser;
  return { logProb, top: (k) => topOf(k, { hash, special, logit, vocab: model.vocab }).map((id) => [id, logProb(id)]) };
}

/** The distribution after a prompt when only the given tokens are allowed. */
export function masked(prompt: readonly number[], model: FakeModel, ids: readonly number[]): Distribution {
  const whole = distribution(prompt, model);
  const values = new Map(ids.map((id) => [id, whole.logProb(id)]));
  const highest = Math.max(...values.values());
  const logSum = highest + Math.log([...values.values()].reduce((sum, value) => sum + Math.exp(value - highest), 0));
  const sorted = [...values]
    .sort((one, other) => other[1] - one[1])
    .map(([id, value]) => [id, value - logSum] as const);
  return {
    logProb: (id) => (values.get(id) ?? Number.NEGATIVE_INFINITY) - logSum,
    top: (k) => sorted.slice(0, k),
  };
}

/** Returns a number in [0, 1) that two integers decide. */
export function uniformOf(hash: number, salt: number): number {
  let x = Math.imul(hash ^ Math.imul(salt + 1, 0x9e3779b1), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 4_294_967_296;
}

/** Returns a number that a list of integers and a seed decide. */
export function hashOf(values: Iterable<number>, seed: number): number {
  let hash = Math.imul(seed + 1, 0x27d4eb2f);
  for (const value of values) {
    hash = Math.imul(hash ^ value, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}

interface Logits {
  readonly hash: number;
  readonly special: ReadonlySet<number>;
  readonly logit: (id: number) => number;
  readonly vocab: number;
}

function topOf(k: number, { hash, special, logit, vocab }: Logits): readonly number[] {
  const classes = Array.from({ length: CLASSES }, (_, id) => id).sort(
    (a, b) => uniformOf(hash, b) - uniformOf(hash, a),
  );
  const candidates = [...special].filter((id) => logit(id) > Number.NEGATIVE_INFINITY);
  let plain = 0;
  for (const first of classes) {
    for (let id = first; id < vocab && plain < k; id += CLASSES) {
      if (special.has(id)) continue;
      candidates.push(id);
      plain += 1;
    }
    if (plain >= k) break;
  }
  return candidates.sort((a, b) => logit(b) - logit(a)).slice(0, k);
}
