import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadTemplate } from "../../src/prompt/template/template.ts";
import { viewConversation } from "../../src/prompt/template/variables.ts";
import type { Columns } from "../../src/types.ts";
import { HEAD, shippedTemplate, TEMPLATES, templateOf, temporaryFolder } from "./helpers.ts";

const BODY = "{{ prompt }}\nA: {{ response_a }}\nB: {{ response_b }}\n";
const LABELS = { a: ["A"], b: ["B"], tie: ["tie"] };
const CONVERSATION = {
  turns: [
    { number: 1, prompt: "first question", a: "first of a", b: "first of b" },
    { number: 2, prompt: "second question", a: "second of a", b: "second of b" },
  ],
  dropped: 0,
};

describe.each(TEMPLATES)("the shipped template %s", (name) => {
  test("loads, has a description, and shows all turns in both orders with its labels", async () => {
    const template = await shippedTemplate(name);
    expect(template.description).toMatch(/^[A-Z].{30,}\.$/);
    const ab = template.render(viewConversation(CONVERSATION, "ab", template.labels));
    const ba = template.render(viewConversation(CONVERSATION, "ba", template.labels));
    for (const turn of CONVERSATION.turns) {
      for (const text of [turn.prompt, turn.a, turn.b]) expect(ab).toContain(text);
      expect(ab.indexOf(turn.a)).toBeLessThan(ab.indexOf(turn.b));
      expect(ba.indexOf(turn.b)).toBeLessThan(ba.indexOf(turn.a));
    }
    expect(ab).toMatch(/A, B(,| or) tie/);
    expect(ab).toMatch(/^\S[\s\S]*\S$/);
  });

  test("puts its instructions before the data, so that a prefix cache can hold them", async () => {
    const template = await shippedTemplate(name);
    const rows = ["one", "two"].map((text) => {
      const turns = [{ number: 1, prompt: text, a: text, b: text }];
      return (template.system ?? "") + template.render(viewConversation({ turns, dropped: 0 }, "ab", template.labels));
    });
    const [one = "", two = ""] = rows;
    const shared = [...one].findIndex((character, i) => character !== two[i]);
    expect(shared).toBeGreaterThan(120);
  });
});

describe("loadTemplate", () => {
  test("returns the front matter with the file's name and hash", async () => {
    const head =
      "---\ndescription: Two words.\nformat: chat\nlabels: {a: [first, One], b: second, tie: '='}\nanswer_prefix: 'The best is '\nsystem: Say {{ labels.a }}.\n---\n\n";
    const template = await templateOf(`\n${BODY}\n\n`, head);
    expect(template).toMatchObject({
      name: "test",
      description: "Two words.",
      format: "chat",
      labels: { a: ["first", "One"], b: ["second"], tie: ["="] },
      answerPrefix: "The best is ",
      system: "Say first.",
      sha256: createHash("sha256")
        .update(await readFile(template.path))
        .digest("hex"),
    });
    expect(template.render(viewConversation(CONVERSATION, "ab", LABELS))).toBe(
      "first question\n\nsecond question\nA: first of a\n\nsecond of a\nB: first of b\n\nsecond of b",
    );
  });

  test("lets the caller replace the labels, also where the body shows them", async () => {
    const path = join(await temporaryFolder({ "t.jinja": `${HEAD}${BODY}{{ labels.tie }}` }), "t.jinja");
    const template = await loadTemplate(path, { a: [" one"], b: [" two"], tie: [" draw", "equal"] });
    const variables = viewConversation(CONVERSATION, "ab", template.labels);
    expect(template.render(variables)).toMatch(/draw$/);
  });

  test("accepts Windows line ends", async () => {
    const template = await templateOf(BODY.replaceAll("\n", "\r\n"), HEAD.replaceAll("\n", "\r\n"));
    expect(template.answerPrefix).toBe("Answer:");
  });

  test("accepts loops with conditions, set, macros, filters, tests, slices and namespaces", async () => {
    await templateOf(
      [
        "{% macro part(title, text='none') %}{{ title | upper }}: {{ text }}{% endmacro %}",
        "{% set space = namespace(count=0) %}{% set last = turns | last %}",
        "{% for turn in turns[-3:] if turn.prompt is string %}",
        "{% set space.count = space.count + 1 %}{{ loop.index }}/{{ loop.length }} {{ turn.number }}",
        "{{ part('question', turn.prompt) }} {{ turn['response_a'] | trim | replace('\\r', '') }} {{ turn.response_b }}",
        "{% if not loop.last and loop.nextitem.number > 1 %}next{% elif loop.first %}only{% else %}end{% endif %}",
        "{% endfor %}",
        "{{ space.count }} {{ last.prompt }} {% for key, value in labels.items() %}{{ key }}={{ value }} {% endfor %}",
        "{% set text %}{{ prompt }}{% endset %}{{ text }}{% filter upper %}{{ labels.a }}{% endfilter %}",
      ].join("\n"),
    );
  });
});

describe("a name that is a column of the rows", () => {
  const refused = async (names: readonly string[], foundColumns: Partial<Columns>): Promise<string> => {
    const folder = await temporaryFolder({ "own.jinja": `${HEAD}${BODY}{{ question }}` });
    return loadTemplate(join(folder, "own.jinja"), null, { names, foundColumns }).then(
      () => "",
      (error: unknown) => (error instanceof Error ? error.message : ""),
    );
  };

  test("is refused with the name of its text, where it is one", async () => {
    const message = await refused(["id", "question", "a", "b"], { prompt: "question" });
    expect(message).toContain(
      'unknown name "question" (Jinja would render it as an empty text): a template names the texts of a row prompt, response_a and response_b',
    );
    expect(message).toContain('The column "question" is prompt: write that here.');
  });

  test("is refused with the columns and the flags that make it a text, where it is none", async () => {
    const message = await refused(["id", "question", "prompt"], {});
    expect(message).toContain("The columns of the rows are id, question, prompt.");
    expect(message).toContain(
      "name the column with --set columns.prompt=question or --set columns.response_a=question or --set columns.response_b=question.",
    );
  });

  test("is an unknown name like others, where the rows have no such column", async () => {
    expect(await refused(["id", "prompt"], {})).toMatch(/empty text\)\. Known here: prompt, response_a/);
  });
});

describe("loadTemplate refuses", () => {
  // The body begins in line 7.
  const bodies: readonly (readonly [what: string, body: string, message: RegExp])[] = [
    ["an unknown variable", `${BODY}{{ respose_a }}`, /:10: unknown name "respose_a".*did you mean "response_a"/],
    ["one in a loop", `${BODY}{% for t in turn %}\n{% endfor %}`, /:10: unknown name "turn".*did you mean "turns"/],
    ["one in a filter's arguments", `${BODY}\n{{ prompt | replace(old, '') }}`, /:11: unknown name "old"/],
    ["one in a set", `${BODY}{% set x = promt %}{{ x }}`, /:10: unknown name "promt".*did you mean "prompt"/],
    ["one in a condition", `${BODY}{% if answer is defined %}x{% endif %}`, /:10: unknown name "answer"/],
    ["one in a loop's condition", `${BODY}{% for t in turns if u.number %}{% endfor %}`, /:10: unknown name "u"/],
    ["one in a macro", `${BODY}{% macro m(x) %}{{ y }}{% endmacro %}`, /:10: unknown name "y".*Known here: .*x/],
    ["one in an index", `${BODY}{{ turns[i].prompt }}`, /:10: unknown name "i"/],
    [
      "a loop variable after its loop",
      `${BODY}{% for t in turns %}{{ t.prompt }}{% endfor %}\n{{ t }}`,
      /:11: unknown name "t"/,
    ],
    ["a variable before it is set", `{{ x }}\n${BODY}{% set x = 1 %}`, /:7: unknown name "x"/],
    [
      "an unknown field of a turn",
      `${BODY}{% for t in turns %}\n{{ t.respons_b }}{% endfor %}`,
      /:11: unknown name "respons_b".*"response_b"/,
    ],
    [
      "one of an indexed turn",
      `${BODY}{{ turns[0].answer }}`,
      /:10: unknown name "answer".*Known here: number, prompt/,
    ],
    ["an unknown label", `${BODY}{{ labels.c }}`, /:10: unknown name "c".*Known here: a, b, tie/],
    [
      "an unknown field of loop",
      `${BODY}{% for t in turns %}{{ loop.indx }}{% endfor %}`,
      /:10: unknown name "indx".*"index"/,
    ],
    ["today's date", `${BODY}{{ strftime_now('%Y') }}`, /:10: unknown name "strftime_now"/],
    ["a body without the prompt", "{{ response_a }}{{ response_b }}", /does not show "prompt"; use \{\{ prompt \}\}/],
    ["a body without the answers", "{{ prompt }}", /does not show "response_a" and "response_b"/],
    [
      "a body that names an answer and hides it",
      "{{ prompt }}{{ response_a }}{% if false %}{{ response_b }}{% endif %}",
      /does not show "response_b"/,
    ],
    [
      "a body that shows only the first turn",
      "{{ turns[0].prompt }}{{ response_a }}{{ response_b }}",
      /does not show "prompt" of the last turn, when there are 3 turns/,
    ],
    ["an unknown filter", `${BODY}{{ prompt | shout }}`, /:10: the template cannot be rendered: .*shout/],
    ["a tag that is not closed", `${BODY}\n{{ prompt`, /:11: the template is broken: "\{\{" is never closed/],
    [
      "a broken expression",
      `\n\n${BODY}{{ prompt + }}`,
      /:12: the template is broken: \{\{ prompt \+ \}\} is not Jinja/,
    ],
    [
      "a block without end",
      `${BODY}{% for t in turns %}\n{{ t.prompt }}`,
      /:10: the template is broken: "for" is never ended/,
    ],
    [
      "an end without block",
      `${BODY}\n{% endif %}`,
      /:11: the template is broken: unexpected "endif": no block is open/,
    ],
    [
      "the wrong end",
      `{% if prompt %}\n${BODY}{% endfor %}`,
      /:11: the template is broken: unexpected "endfor": expected "endif"/,
    ],
    ["else outside of a block", `${BODY}{% else %}`, /:10: the template is broken: unexpected "else"/],
    [
      "a broken elif",
      `${BODY}{% if prompt %}\n{% elif %}{% endif %}`,
      /:11: the template is broken: \{% elif %\} is not Jinja/,
    ],
    [
      "an unknown statement",
      `${BODY}{% include 'x' %}`,
      /:10: the template is broken: \{% include 'x' %\} is not Jinja .*include/,
    ],
  ];
  test.each(bodies)("%s", async (_what, body, message) => {
    await expect(templateOf(body)).rejects.toMatchObject({ code: "config", message: expect.stringMatching(message) });
  });

  const heads: readonly (readonly [what: string, head: string, message: RegExp])[] = [
    ["a file without front matter", "", /test\.jinja:1: expected the front matter/],
    ["front matter without end", HEAD.slice(0, -4), /test\.jinja:1: expected the front matter/],
    ["broken YAML", HEAD.replace("raw", "[raw"), /test\.jinja:\d: the front matter is not YAML/],
    [
      "a repeated key",
      HEAD.replace("---\nd", "---\nformat: raw\nd"),
      /test\.jinja:4: the front matter is not YAML: the key is given twice/,
    ],
    [
      "aliases that multiply",
      HEAD.replace(
        "format",
        `x: [&a [x, x], ${[..."bcdefghi"].map((name, i) => `&${name} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(", ")}]`).join(", ")}]\nformat`,
      ),
      /test\.jinja:2: the front matter is not YAML: its aliases .* more than 100 values/,
    ],
    ["deep nesting", HEAD.replace("raw", "[".repeat(100_000)), /test\.jinja:\d: the front matter is not YAML/],
    ["an unknown format", HEAD.replace("raw", "plain"), /test\.jinja:3: format: /],
    [
      "an unknown key",
      HEAD.replace("format", "colour: red\nformat"),
      /test\.jinja:3: front matter: unknown key colour/,
    ],
    ["a missing key", HEAD.replace("description: A test.\n", ""), /test\.jinja:1: description: /],
    [
      "a label that is a number",
      HEAD.replace('" A"', "1"),
      /test\.jinja:4: labels\.a: expected a text or a list of texts \(quote numbers/,
    ],
    ["an empty label", HEAD.replace('" tie"', '" "'), /test\.jinja:4: labels\.tie: a label cannot be empty/],
    ["an empty list of labels", HEAD.replace('" tie"', "[]"), /test\.jinja:4: labels\.tie/],
    [
      "the same label twice",
      HEAD.replace('" tie"', '[" x", " A"]'),
      /test\.jinja:4: labels\.tie: the text " A" is a label of a already/,
    ],
    [
      "a raw template without answer prefix",
      HEAD.replace('"Answer:"', '""'),
      /test\.jinja:5: answer_prefix: expected the text/,
    ],
    [
      "a system message in a raw template",
      HEAD.replace(/---\n$/, "system: judge\n---\n"),
      /test\.jinja:6: system: only the formats chat and decision have a system message/,
    ],
    [
      "data in the system message",
      HEAD.replace("raw", "chat").replace(/---\n$/, "system: judge {{ prompt }}\n---\n"),
      /test\.jinja:6: unknown name "prompt".*labels/,
    ],
  ];
  test.each(heads)("%s", async (_what, head, message) => {
    await expect(templateOf(BODY, head)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(message),
    });
  });

  test("every problem of the front matter at once", async () => {
    const head = HEAD.replace("raw", "plain").replace('"Answer:"', "5");
    await expect(templateOf(BODY, head)).rejects.toThrow(/:3: format: .*\n.*:5: answer_prefix: /);
  });

  test("a file that does not exist", async () => {
    await expect(loadTemplate("nowhere/none.jinja")).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/cannot read the template nowhere\/none\.jinja .*ENOENT/),
    });
  });
});
