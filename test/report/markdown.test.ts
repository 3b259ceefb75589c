import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bullets, markdownTable, plain } from "../../src/report/markup/markdown.ts";
import { renderComparisonMarkdown } from "../../src/report/render-comparison.ts";
import { renderRunMarkdown } from "../../src/report/render-run.ts";
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

  test("cannot leave its cell, its row or its list", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const columns = [
          { name: text, numeric: false },
          { name: "n", numeric: true },
        ];
        const rows = [[{ text, below: text }, { text }]];
        const lines = markdownTable({ caption: text, columns, rows }).text.split("\n").slice(2);
        expect(lines).toHaveLength(3);
        for (const line of lines) expect(line.replaceAll("\\\\", "").match(/(?<!\\)\|/g)).toHaveLength(3);
        expect(bullets([text, text]).text.split("\n")).toHaveLength(2);
      }),
    );
  });
});

describe("report.md", () => {
  test("gives a run's verdict, scores, slices and sources of rows", () => {
    const text = renderRunMarkdown(sampleReport(200));
    expect(text).toMatch(/^## Run runs\/lmsys-34b-awq\n\n\*\*.* rows are answered/);
    expect(text).toMatch(/\| As submitted \| 200 \| \d\.\d{3} \(\d\.\d{3} to \d\.\d{3}\) \|/);
    expect(text).toMatch(
      /\| class prior \(for comparison; gain over it [+\u2212]\d\.\d{3}, .* to .*\) \| {2}\| 1\.097 \|/,
    );
    expect(text).toMatch(/scored in both orders, \d.*flip rate.*position bias \+0\.\d{3}\./);
    expect(text).toContain("### By length");
    expect(text).toContain("| both orders, averaged |");
    expect(text).toContain("- Model: Yi-1.5-34B-Chat-AWQ");
    expect(text.split("\n").every((line) => !line.includes("<"))).toBe(true);
  });

  test("gives a comparison's verdict, variants, sentences and p values", () => {
    const text = renderComparisonMarkdown(sampleComparison());
    expect(text).toContain("| rules.jinja, both orders | 1.410 (1.380 to 1.440) |");
    expect(text).toContain("- rules.jinja is better than side-by-side.jinja by 0.021 nats");
    expect(text).toContain(
      "| plain.jinja minus rules.jinja | +0.014 (+0.005 to +0.023) | 0.025 | yes | 0.004 | 0.012 |",
    );
  });

  test("leaves out what is not known", () => {
    const sample = sampleReport(20);
    expect(renderRunMarkdown({ ...sample, quality: null })).not.toContain("Scores");
    expect(renderRunMarkdown({ ...sample, rows: [] })).not.toContain("Rows by source");
  });
});
