/** Tokens of a turn's three texts, or the most that each may have. */
export interface TurnTokens {
  readonly prompt: number;
  readonly a: number;
  readonly b: number;
}

/** What a template adds around the texts, in tokens. */
export interface Overhead {
  /** Everything of a prompt with one turn, but the turn's texts. */
  readonly base: number;
  /** What each further turn adds. */
  readonly perTurn: number;
  /** The line that says how many turns were left out. */
  readonly marker: number;
}

/** Which turns stay: the last `kept` ones, of which the earliest is shortened to `caps` (null: it stays whole). */
export interface Allocation {
  readonly kept: number;
  readonly caps: TurnTokens | null;
}

/** Fewer tokens than this say too little about an earlier turn to be worth their place. */
const LEAST_FOR_EARLIER_TURN = 80;

/**
 * Shares out `room` tokens among the turns of a conversation, the last turn first. Turns stay whole while they fit; the first
 * that does not is shortened, or dropped with all before it when it would get under 80 tokens. The last turn always stays.
 *
 * `latestFirst` may leave out early turns when those given exceed the room; `total` counts all.
 */
export function allocate(
  latestFirst: readonly TurnTokens[],
  total: number,
  room: number,
  { perTurn, marker }: Overhead,
): Allocation {
  let left = room;
  for (const [i, turn] of latestFirst.entries()) {
    // Keeping this turn leaves others out, unless it is the earliest: then a line must say so.
    const reserve = i === total - 1 ? 0 : marker;
    const available = left - reserve - (i === 0 ? 0 : perTurn);
    const wanted = turn.prompt + turn.a + turn.b;
    if (wanted <= available) {
      left -= wanted + (i === 0 ? 0 : perTurn);
    } else if (i > 0 && available < LEAST_FOR_EARLIER_TURN) {
      return { kept: i, caps: null };
    } else {
      return { kept: i + 1, caps: shareOut(turn, Math.max(0, available)) };
    }
  }
  return { kept: latestFirst.length, caps: null };
}

/**
 * Shares `room` tokens 20 : 40 : 40 between the prompt and the two answers. What a text does not need goes to the others in
 * the same proportion, so both answers always have the same cap.
 */
export function shareOut(wanted: TurnTokens, room: number): TurnTokens {
  let left = room;
  let open: readonly (keyof TurnTokens)[] = ["prompt", "a", "b"];
  const caps = { prompt: 0, a: 0, b: 0 };
  for (;;) {
    const perWeight = left / open.reduce((sum, key) => sum + WEIGHTS[key], 0);
    const content = open.filter((key) => wanted[key] <= perWeight * WEIGHTS[key]);
    if (content.length === 0) {
      for (const key of open) caps[key] = Math.floor(perWeight * WEIGHTS[key]);
      return caps;
    }
    for (const key of content) {
      caps[key] = wanted[key];
      left -= wanted[key];
    }
    open = open.filter((key) => !content.includes(key));
    if (open.length === 0) return caps;
  }
}

const WEIGHTS: TurnTokens = { prompt: 1, a: 2, b: 2 };
