import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bullets, code, markdownTable, plain } from "../../src/report/markdown/markdown.ts";
import { renderComparisonMarkdown } from "../../src/report/render-comparison-markdown.ts";
import { renderMarkdown } from "../../src/report/render-markdown.ts";
import { hostile } from "./hostile.ts";
import { sampleReport } from "./sample.ts";
import { sampleComparison } from "./sample-comparison.ts";

/** Takes escaped characters and the one entity that is written out of a text. */
const withoutEscapes = (text: string): string => text.replace(/\\[!-/:-@[-`{-~]/g, "").replaceAll("&amp;", "");

describe("text in Markdown", () => {
  test("has no character left that means something, stays on one line and calls nobody", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = plain(text).text;
        expect(withoutEscapes(made)).not.toMatch(/[\\`*_[\]<|~$&\n\r]/);
        expect(made).not.toMatch(/@(?!\u2060)/);
        expect(made).not.toMatch(/^\s*([-+=]+|#+|\d+[.)])(\s|$)|^\s*>/);
      }),
      { numRuns: 1000 },
    );
  });

  test("reads the same as before where there is nothing to escape", () => {
    expect(plain("log loss 0.937 (95 % 0.907 to 0.967), +0.01, 612 rows; a-b.").text).toBe(
      "log loss 0.937 (95 % 0.907 to 0.967), +0.01, 612 rows; a-b.",
    );
    expect(plain("1. a list").text).toBe("1\\. a list");
    expect(plain("# x").text).toBe("\\# x");
  });

  test("stays in its code span, whatever backticks it has", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const made = code(text).text;
        if (made === "") return;
        const fence = /^`+/.exec(made)?.[0] ?? "";
        expect(made.endsWith(fence)).toBe(true);
        const inside = made.slice(fence.length, made.length - fence.length);
        expect([...inside.matchAll(/`+/g)].every(([run]) => run.length < fence.length)).toBe(true);
        expect(inside.replaceAll("\\|", "")).not.toMatch(/[|\n]/);
      }),
      { numRuns: 1000 },
    );
    expect(code("a`b").text).toBe("``a`b``");
    expect(code("`a").text).toBe("`` `a ``");
  });

  test("cannot leave its cell, its row or its list", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const columns = [
          { name: text, numeric: false },
          { name: "n", numeric: true },
        ];
        const lines = markdownTable(columns, [[text, code(text)]]).text.split("\n");
        expect(lines).toHaveLength(3);
        for (const line of lines) expect(line.replaceAll("\\\\", "").match(/(?<!\\)\|/g)).toHaveLength(3);
        expect(bullets([text, text]).text.split("\n")).toHaveLength(2);
      }),
    );
  });
});

describe("report.md", () => {
  test("gives a run's verdict, scores, slices and how rows were obtained", () => {
    const text = renderMarkdown(sampleReport(200));
    expect(text).toMatch(/^## Run runs\/lmsys-34b-awq\n\n\*\*.* rows are answered/);
    expect(text).toMatch(/\| As submitted \| 200 \| \d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\) \|/);
    expect(text).toMatch(/\| class prior; gain over it [+\u2212]\d\.\d{3} \(.* to .*\) \| {2}\| 1\.097 \|/);
    expect(text).toMatch(/scored in both orders, \d.*flip rate.*position bias of \+0\.\d{3}\./);
    expect(text).toContain("| Length: up to 256 tokens |");
    expect(text).toContain("| both orders, averaged |");
    expect(text).toContain("- Model: Yi-1.5-34B-Chat-AWQ");
    expect(text.split("\n").every((line) => !line.includes("<"))).toBe(true);
  });

  test("gives a comparison's verdict, variants, sentences and p values", () => {
    const text = renderComparisonMarkdown(sampleComparison());
    expect(text).toContain("| `rules.jinja, both orders` | 1.410 (1.380 to 1.440) |");
    expect(text).toContain("- rules.jinja is better than side-by-side.jinja by 0.021 nats");
    expect(text).toContain("| `plain.jinja` minus `rules.jinja` | +0.014 (+0.005 to +0.023) | 0.004 | 0.025 | 0.012 |");
  });

  test("leaves out what is not known", () => {
    const sample = sampleReport(20);
    expect(renderMarkdown({ ...sample, quality: null })).not.toContain("Scores");
    expect(renderMarkdown({ ...sample, rows: [] })).not.toContain("How rows were obtained");
  });
});
