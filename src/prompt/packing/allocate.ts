/** Tokens of a turn's three texts, or the caps on them. */
export interface TurnTokens {
  readonly prompt: number;
  readonly a: number;
  readonly b: number;
}

/** The tokens that a template adds around the texts. */
export interface Overhead {
  /** Tokens of a prompt with one turn whose texts are empty. */
  readonly base: number;
  /** Tokens that each further turn adds. */
  readonly perTurn: number;
  /** Tokens of the line that gives the number of turns left out. */
  readonly marker: number;
}

/** The turns that stay: the last `kept` ones. The earliest of them is shortened to `caps`; null leaves it whole. */
export interface Allocation {
  readonly kept: number;
  readonly caps: TurnTokens | null;
}

/** An earlier turn is dropped rather than shortened to fewer tokens than this. */
const LEAST_FOR_EARLIER_TURN = 80;

/**
 * Shares out `room` tokens among the turns of a conversation, the last turn first. Turns stay whole while they fit. The first
 * one that does not fit is shortened, or dropped with all turns before it when it would get fewer than 80 tokens. The last
 * turn always stays.
 *
 * `latestFirst` may lack early turns when the turns in it exceed the room already; `total` counts all turns.
 */
export function allocate(
  latestFirst: readonly TurnTokens[],
  total: number,
  room: number,
  { perTurn, marker }: Overhead,
): Allocation {
  let left = room;
  for (const [i, turn] of latestFirst.entries()) {
    // Unless this turn is the earliest, turns before it may be left out, which takes a line of its own.
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
 * Shares `room` tokens 20 : 40 : 40 between the prompt and the two answers. Tokens that a text does not need go to the others
 * in the same proportion. So two answers that are both cut have the same cap.
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
