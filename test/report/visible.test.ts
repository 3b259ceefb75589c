import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { head, short, visible } from "../../src/report/markup/visible.ts";
import { hostile } from "./hostile.ts";

describe("characters that a reader cannot see", () => {
  test.each([
    ["an override of the direction", "a\u202Ebc\u202C", "a‹U+202E›bc‹U+202C›"],
    ["an isolate", "\u2066x\u2069", "‹U+2066›x‹U+2069›"],
    ["a null and an escape", "\u0000\u001B[1m", "‹U+0000›‹U+001B›[1m"],
    ["half of a surrogate pair", "\uD83Dx", "‹U+D83D›x"],
    ["a tag character", "\u{E0041}", "‹U+E0041›"],
    ["a zero-width space and a byte order mark", "\u200B\uFEFF", "‹U+200B›‹U+FEFF›"],
    ["a noncharacter", "\uFFFE\u{1FFFF}", "‹U+FFFE›‹U+1FFFF›"],
  ])("%s is shown by its code", (_, text, expected) => {
    expect(visible(text)).toBe(expected);
  });

  test("line breaks, tabs, joiners, emoji and scripts from right to left stay", () => {
    const text = "a\r\n\tb 👩\u200D💻 می\u200Cخواهم \u200Fעברית é 漢";
    expect(visible(text)).toBe(text);
  });

  test("what is shown is well formed and has no control character left", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = visible(text);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\u202A-\u202E\u2066-\u2069]|(?![\t\n\r])\p{Cc}/u);
        expect(visible(shown)).toBe(shown);
      }),
    );
  });
});

describe("cutting text", () => {
  test("never splits a surrogate pair and never exceeds the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 12 }), (text, limit) => {
        expect(head(text, limit).length).toBeLessThanOrEqual(limit);
        expect(text.startsWith(head(text, limit))).toBe(true);
        expect(head(text, limit).isWellFormed()).toBe(true);
        expect(short(text, limit).length).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test("adds an ellipsis only to text that was cut", () => {
    expect(short("abc", 3)).toBe("abc");
    expect(short("abcd", 3)).toBe("ab…");
  });
});
