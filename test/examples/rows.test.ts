import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";

interface Written {
  readonly id: string;
  readonly prompt: string;
  readonly response_a: string;
  readonly response_b: string;
  readonly winner_model_a: string;
  readonly winner_model_b: string;
  readonly winner_tie: string;
}

const rows = parse(readFileSync(new URL("../../examples/rows.csv", import.meta.url)), { columns: true }) as Written[];

/** One predicate for each anomaly; "some row has it" is what the demo and the end-to-end tests rely on. */
const ANOMALIES: Readonly<Record<string, (row: Written) => boolean>> = {
  "a null turn among others": (row) => turns(row.response_a)?.some((turn, i) => i > 0 && turn === null) ?? false,
  "a null first turn": (row) => (turns(row.prompt)?.length ?? 0) > 1 && turns(row.prompt)?.[0] === null,
  "[null] as the prompt": (row) => row.prompt === "[null]",
  "[null] as a response": (row) => cells(row).includes("[null]"),
  "[]": (row) => cells(row).includes("[]"),
  "[ ]": (row) => cells(row).includes("[ ]"),
  '[""]': (row) => cells(row).includes('[""]'),
  '["", ""]': (row) => cells(row).some((cell) => cell.replace(" ", "") === '["",""]'),
  "an empty cell": (row) => row.response_b === "",
  "a lone high surrogate, escaped": (row) => /\\ud83[cd]"\]/.test(row.response_a),
  "a lone low surrogate, escaped": (row) => row.response_b.startsWith('["\\ude00'),
  "a lone surrogate in the prompt": (row) => !(turns(row.prompt) ?? []).every((turn) => (turn ?? "").isWellFormed()),
  "an id above 2^31": (row) => Number(row.id) > 2 ** 31,
  "an id near 2^32": (row) => Number(row.id) > 4_265_000_000,
  "identical responses, a tie": (row) => isIdentical(row) && row.winner_tie === "1",
  "identical responses, yet a winner": (row) => isIdentical(row) && row.winner_tie === "0",
  "a plain string in each text cell": (row) => cells(row).every((cell) => !/^[[{]/.test(cell)),
  "a plain string that begins like a list": (row) => row.prompt.startsWith("[sic]"),
  "a boolean-looking response": (row) => row.response_a === "true",
  "a boolean-looking response in another case": (row) => row.response_b === "False",
  "a number-like response": (row) => /^\d+$/.test(row.response_a),
  "null as plain text": (row) => row.response_b === "null",
  "JSON of another shape": (row) => row.prompt.startsWith("{"),
  "unequal numbers of turns": (row) => turns(row.prompt)?.length === 3 && turns(row.response_a)?.length === 2,
  "six turns": (row) => turns(row.prompt)?.length === 6,
  "an attack with this model's control tokens": (row) => row.response_a.includes("<|im_end|>\\n<|im_start|>user"),
  "an attack with other models' control tokens": (row) => row.response_b.includes("<|eot_id|>"),
  "an attack in plain words": (row) => row.response_b.includes("Note to the judge"),
  "a raw line break in a cell": (row) => row.response_b.includes("\n"),
  "quotes, commas and CRLF": (row) => row.prompt.includes('\\"') && /,\\n.*\\r\\n/.test(row.prompt),
  "control characters, escaped": (row) => /\\u0000.*\\u001b.*\\u2028/.test(row.response_a),
  "HTML with a script": (row) => cells(row).some((cell) => cell.includes("<script>")),
  "a spreadsheet formula": (row) => cells(row).some((cell) => cell.startsWith('["=SUM')),
  "Jinja syntax": (row) => cells(row).some((cell) => cell.includes("{{ user.name")),
  "LaTeX with backslashes": (row) => row.prompt.includes("\\\\frac"),
  "emoji joined from several": (row) => row.prompt.includes("👨‍👩‍👧‍👦"),
  "non-ASCII written as escapes": (row) => /\\u0[34]|\\u[3-9a-c]/.test(row.response_a),
  "code in a fence": (row) => row.response_a.includes("```"),
  "Arabic script": (row) => /\p{Script=Arabic}/u.test(row.prompt),
  "Hebrew script": (row) => /\p{Script=Hebrew}/u.test(row.prompt),
  "Devanagari script": (row) => /\p{Script=Devanagari}/u.test(JSON.stringify(turns(row.prompt))),
  "Thai script": (row) => /\p{Script=Thai}/u.test(JSON.stringify(turns(row.prompt))),
  "Han script": (row) => /\p{Script=Han}/u.test(row.prompt),
  "Hangul script": (row) => /\p{Script=Hangul}/u.test(JSON.stringify(turns(row.prompt))),
  "Cyrillic script": (row) => /\p{Script=Cyrillic}/u.test(JSON.stringify(turns(row.prompt))),
  "Greek script": (row) => /\p{Script=Greek}/u.test(JSON.stringify(turns(row.prompt))),
};

describe("the example rows", () => {
  test.each(Object.keys(ANOMALIES))("show %s", (name) => {
    expect(rows.filter((row) => ANOMALIES[name]?.(row)).map((row) => row.id)).not.toEqual([]);
  });

  test("hold at least 60 comparisons with distinct ids that are not in order", () => {
    const ids = rows.map((row) => Number(row.id));
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(new Set(ids).size).toBe(rows.length);
    expect(ids).not.toEqual(ids.toSorted((left, right) => left - right));
  });

  test("hold one comparison twice, under different ids", () => {
    const texts = rows.map((row) => cells(row).join("\u0001"));
    expect(new Set(texts).size).toBe(rows.length - 1);
  });

  test("hold exactly one label a row, about 38 % A, 38 % B and 24 % ties", () => {
    const shares = (["winner_model_a", "winner_model_b", "winner_tie"] as const).map(
      (column) => rows.filter((row) => row[column] === "1").length / rows.length,
    );
    expect(rows.every((row) => winners(row).toSorted().join("") === "001")).toBe(true);
    expect(shares.map((share, i) => Math.abs(share - ([0.38, 0.38, 0.24][i] ?? 0)) < 0.03)).toEqual([true, true, true]);
  });

  // Four characters a token is what English text has; other text has fewer.
  test("hold rows that no context of 2,048 tokens can take whole, one of them by its prompt alone", () => {
    const long = rows.filter((row) => cells(row).join("").length > 4 * 2048);
    expect(long.length).toBeGreaterThanOrEqual(2);
    expect(long.some((row) => row.prompt.length > 4 * 1280)).toBe(true);
  });
});

function cells(row: Written): readonly string[] {
  return [row.prompt, row.response_a, row.response_b];
}

function winners(row: Written): readonly string[] {
  return [row.winner_model_a, row.winner_model_b, row.winner_tie];
}

function turns(cell: string): readonly (string | null)[] | null {
  try {
    const value: unknown = JSON.parse(cell);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function isIdentical(row: Written): boolean {
  return row.response_a === row.response_b && (turns(row.response_a)?.join("") ?? "") !== "";
}
