/** A rule of byte-pair encoding: two tokens that become one, in a pair or in one text with a space between them. */
export type MergeRule = string | readonly [string, string];

/**
 * Makes the function that merges symbols by the rules of byte-pair encoding (Sennrich et al. 2016): it replaces the adjacent
 * pair whose rule comes first in the list, the leftmost of equal pairs, until no pair has a rule. Takes ids and returns ids.
 * A text of n symbols takes n log n steps.
 */
export function createMerge(rules: RuleFields): (symbols: readonly number[]) => readonly number[] {
  const table = createRuleTable(rules);
  const links = createLinks(USUAL_SYMBOLS);
  return (symbols) => {
    const { length } = symbols;
    if (length < 2) return symbols;
    if (length > MOST_SYMBOLS) throw new RangeError(`a text has at most ${MOST_SYMBOLS} symbols, found ${length}`);
    return mergeAll(symbols.slice(), table, length <= USUAL_SYMBOLS ? links : createLinks(length));
  };
}

/** Nearly all words have no more symbols; their links have one place, which is written anew for each. */
const USUAL_SYMBOLS = 64;

/** The symbols beside each symbol of a text that are still there, and the rule of the pair that begins at it. */
interface Links {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  readonly ruleAt: Int32Array;
}

function createLinks(length: number): Links {
  return { next: new Int32Array(length), previous: new Int32Array(length), ruleAt: new Int32Array(length) };
}

/** A pair with a rule that may still be in the text: the rank of the rule and the position of the left symbol. */
type Candidate = number;

/** Largest number of symbols of a text. With it a rank below 2^24 and a position fit a number exactly. */
const MOST_SYMBOLS = 2 ** 28;
/** The id of a symbol that was merged into the one on its left. */
const GONE = -1;

function mergeAll(symbols: number[], table: RuleTable, { next, previous, ruleAt }: Links): readonly number[] {
  const { length } = symbols;
  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  const candidates: Candidate[] = [];
  const consider = (left: number): void => {
    const right = next[left] ?? length;
    const rule = right >= length ? NO_RULE : table.find(symbols[left] ?? GONE, symbols[right] ?? GONE);
    ruleAt[left] = rule;
    if (rule !== NO_RULE) pushCandidate(candidates, table.rankOf(rule) * MOST_SYMBOLS + left);
  };
  for (let left = 0; left < length; left++) consider(left);
  while (candidates.length > 0) {
    const candidate = popCandidate(candidates);
    const left = candidate % MOST_SYMBOLS;
    // The pair may have changed after it became a candidate.
    const rule = ruleAt[left] ?? NO_RULE;
    if (rule === NO_RULE || table.rankOf(rule) * MOST_SYMBOLS + left !== candidate) continue;
    const right = next[left] ?? length;
    const after = next[right] ?? length;
    symbols[left] = table.mergedOf(rule);
    symbols[right] = GONE;
    ruleAt[right] = NO_RULE;
    next[left] = after;
    if (after < length) previous[after] = left;
    consider(left);
    const before = previous[left] ?? GONE;
    if (before >= 0) consider(before);
  }
  return symbols.filter((id) => id !== GONE);
}

/** Adds a number to a binary heap whose smallest number comes first. */
function pushCandidate(heap: Candidate[], added: Candidate): void {
  let at = heap.length;
  heap.push(added);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] ?? 0;
    if (above <= added) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = added;
}

/** Takes the smallest number out of a binary heap that is not empty. */
function popCandidate(heap: Candidate[]): Candidate {
  const smallest = heap[0] ?? 0;
  const last = heap.pop() ?? 0;
  const { length } = heap;
  if (length === 0) return smallest;
  let at = 0;
  for (let child = 1; child < length; child = 2 * at + 1) {
    if (child + 1 < length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
    const below = heap[child] ?? 0;
    if (below >= last) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
  return smallest;
}

/** The rules by the ids of their pair. A rule is named by its place in the table. */
interface RuleTable {
  readonly find: (left: number, right: number) => number;
  readonly rankOf: (rule: number) => number;
  readonly mergedOf: (rule: number) => number;
}

const NO_RULE = -1;
/** Numbers of a place in the table: left id, right id, rank, merged id. */
const FIELDS = 4;

/** The rules of a model as an open hash table in one array of numbers, which threads can share. */
export type RuleFields = Int32Array<SharedArrayBuffer>;

/**
 * Writes rules into a table; those that name a token without an id are left out. A Map with a key for each pair takes ten times the
 * memory, which is 300 MB for the 515,000 rules of Gemma 3.
 */
export function writeRules(rules: readonly MergeRule[], idOf: (token: string) => number | undefined): RuleFields {
  const places = 2 ** Math.max(1, Math.ceil(Math.log2(2 * rules.length + 1)));
  const buffer = new SharedArrayBuffer(places * FIELDS * Int32Array.BYTES_PER_ELEMENT);
  const fields: RuleFields = new Int32Array(buffer).fill(NO_RULE);
  const placeOf = createPlaces(fields);
  for (const [rank, rule] of rules.entries()) {
    const [first, second] = typeof rule === "string" ? splitRule(rule) : rule;
    const [left, right, merged] = [idOf(first), idOf(second), idOf(first + second)];
    if (left === undefined || right === undefined || merged === undefined) continue;
    fields.set([left, right, rank, merged], placeOf(left, right));
  }
  return fields;
}

/** Makes the function that finds the place of a pair, or the free place where it belongs. */
function createPlaces(fields: RuleFields): (left: number, right: number) => number {
  const bits = Math.log2(fields.length / FIELDS);
  return (left, right) => {
    // The two factors are odd and spread the bits: 2^32 divided by the golden ratio, and a constant of xxHash.
    const hash = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> (32 - bits);
    let place = FIELDS * hash;
    while (fields[place] !== NO_RULE && (fields[place] !== left || fields[place + 1] !== right)) {
      place = (place + FIELDS) & (fields.length - 1);
    }
    return place;
  };
}

function createRuleTable(fields: RuleFields): RuleTable {
  const placeOf = createPlaces(fields);
  return {
    find: (left, right) => {
      const place = placeOf(left, right);
      return fields[place] === NO_RULE ? NO_RULE : place;
    },
    rankOf: (rule) => fields[rule + 2] ?? NO_RULE,
    mergedOf: (rule) => fields[rule + 3] ?? NO_RULE,
  };
}

function splitRule(rule: string): readonly [string, string] {
  const space = rule.indexOf(" ");
  return [rule.slice(0, space), rule.slice(space + 1)];
}
