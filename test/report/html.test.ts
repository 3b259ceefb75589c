import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeHtml, html, trusted } from "../../src/report/markup/html.ts";
import { hostile } from "./hostile.ts";

describe("the html tag", () => {
  test("leaves the program's own markup as it is and escapes every hole", () => {
    expect(html`<p title="${'a"b'}">${"<b>&'"}</p>`.markup).toBe('<p title="a&quot;b">&lt;b&gt;&amp;&#39;</p>');
  });

  test("puts markup into markup, joins lists, and leaves nothing behind for null, undefined and false", () => {
    expect(html`${[1, html`<i>${2}</i>`, [null, undefined, false, "x"]]}`.markup).toBe("1<i>2</i>x");
  });

  test("refuses a hole in an attribute value without quotes", () => {
    expect(() => html`<p id=${"x"}>`).toThrow("attribute value without quotes");
  });

  test("takes an object that only looks like markup for text", () => {
    const forged = JSON.parse('{"markup":"<script>"}') as string;
    expect(html`${forged}`.markup).toBe("[object Object]");
    expect(trusted("<hr>").markup).toBe("<hr>");
  });

  test("lets no text become an element, an attribute or an entity", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { markup } = html`<p title="${text}">${text}</p>`;
        const match = /^<p title="([^"<>]*)">([^"<>']*)<\/p>$/.exec(markup);
        expect(match).not.toBeNull();
        // Every ampersand begins one of the five entities that the program writes.
        expect(markup.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.toContain("&");
      }),
      { numRuns: 2000 },
    );
  });

  test("loses no text: what the entities stand for is what was put in, but for characters that are shown by code", () => {
    const printable = fc.string({ unit: fc.constantFrom(..."ab<>&\"' ;#3amp9\n\té漢😀") });
    const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
    fc.assert(
      fc.property(printable, (text) => {
        const read = escapeHtml(text).replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name] ?? "");
        expect(read).toBe(text);
      }),
    );
  });
});
