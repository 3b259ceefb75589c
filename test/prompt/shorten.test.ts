import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CountTokens, measurePiece, shorten } from "../../src/prompt/packing/shorten.ts";
import { fixtureTokenizer, TOKENIZERS } from "./helpers.ts";

const byWords: CountTokens = async (text) => text.split(/\s+/).filter((word) => word !== "").length;

async function shortened(text: string, cap: number, limit = 1e6): Promise<string> {
  return shorten(await measurePiece(text, limit, 99_999, byWords), cap, byWords);
}

function words(count: number): string {
  return Array.from({ length: count }, (_, i) => `w${String(i).padStart(5, "0")}`).join(" ");
}

describe("shorten", () => {
  test("leaves a text that fits", async () => {
    expect(await shortened("one two three", 3)).toBe("one two three");
  });

  test("keeps head and tail, about half each, with a marker that counts the tokens cut", async () => {
    const text = await shortened(words(1000), 103);
    const [, head = "", count, tail = ""] = /^(.*) \(snip (\d+) tokens\) (.*)$/.exec(text) ?? [];
    expect(words(1000).startsWith(head)).toBe(true);
    expect(words(1000).endsWith(tail)).toBe(true);
    const kept = [await byWords(head), await byWords(tail)];
    expect(kept[0]).toBeGreaterThanOrEqual(47);
    expect(kept[1]).toBeGreaterThanOrEqual(47);
    expect((kept[0] ?? 0) + (kept[1] ?? 0)).toBeLessThanOrEqual(100);
    expect(Number(count)).toBe(1000 - (kept[0] ?? 0) - (kept[1] ?? 0));
  });

  test("keeps the head alone when there is no room for a marker, and nothing in no room", async () => {
    expect(words(1000).startsWith(await shortened(words(1000), 4))).toBe(true);
    expect(await byWords(await shortened(words(1000), 4))).toBe(4);
    expect(await shortened(words(1000), 0)).toBe("");
  });

  test("reads only the ends of a very long text, and never takes it for one that fits", async () => {
    let read = 0;
    const counting: CountTokens = (text) => {
      read += text.length;
      return byWords(text);
    };
    const piece = await measurePiece(words(100_000), 6000, 99_999, counting);
    expect(piece.tokens).toBeGreaterThanOrEqual(100_000);
    expect(piece.tokens).toBeLessThan(102_000);
    expect(await shorten(piece, 100, counting)).toMatch(/^w00000 w00001 .*\(snip \d+ tokens\) .* w99998 w99999$/);
    expect(read).toBeLessThan(20_000);
    expect((await measurePiece(" ".repeat(10_000), 600, 50, byWords)).tokens).toBe(51);
  });
});

describe.each(TOKENIZERS)("shorten with the %s tokenizer", (name) => {
  test("cuts between characters, keeps within the cap, and keeps both ends", async () => {
    const tokenizer = await fixtureTokenizer(name);
    const countTokens: CountTokens = async (text) => (await tokenizer.encode(text, false)).length;
    const units = fc.constantFrom(
      "the better answer ",
      "\u{1f600}\u{1f44d}\u{1f3fd}",
      "狐狸",
      "\n\n",
      "x".repeat(40),
      "12.5",
    );
    const texts = fc.array(units, { minLength: 20, maxLength: 120 }).map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 60, max: 4000 }),
        async (text, cap, limit) => {
          const piece = await measurePiece(text, limit, 300, countTokens);
          const short = await shorten(piece, cap, countTokens);
          expect(short.isWellFormed()).toBe(true);
          if (short === text) return;
          // Joining the parts can move a token boundary at each side of the marker.
          expect(await countTokens(short)).toBeLessThanOrEqual(cap + 4);
          const [, head = short, tail = ""] = /^([\s\S]*) \(snip \d+ tokens\) ([\s\S]*)$/.exec(short) ?? [];
          expect(text.startsWith(head)).toBe(true);
          expect(text.endsWith(tail)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
