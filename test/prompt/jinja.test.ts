import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileJinja, type Jinja } from "../../src/prompt/jinja/compile.ts";
import { LIMITS } from "../../src/prompt/jinja/limits.ts";
import { PRINTED } from "../../src/prompt/jinja/nodes.ts";
import { plainWords } from "../../src/prompt/jinja/plain-words.ts";
import { loadTokenizer } from "../../src/prompt/tokenizer/local.ts";
import { fixtureFolder, HEAD, SETTINGS, templateOf, temporaryFolder } from "./helpers.ts";

const PLACE = { noun: "template", at: (line: number | null) => `file:${line}`, remedy: "" };
const compile = (source: string): Jinja => compileJinja(source, PLACE);
/** What the library itself renders, without limits. */
const unbounded = (source: string, variables: Record<string, unknown>): string =>
  (new Template(source) as unknown as { render: (variables: Record<string, unknown>) => string }).render(variables);

const STEPS = /needs more than 4,000,000 steps/;
const SIZE = /more than 20,000,000 characters/;
const DEPTH = /more than 400 (levels|expressions)/;
const BIG = "{% set x = 'ab ' %}{% for i in range(22) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
const big = (rest: string): string => `{% set ns = namespace(x='ab ') %}${BIG}${rest}`;

const ATTACKS: readonly (readonly [string, string, RegExp])[] = [
  [
    "a range of a thousand million",
    "{% for i in range(1000000000) %}{% endfor %}",
    /:1: .*range\(1000000000\) has more/,
  ],
  ["a range of 10**12", "{{ range(10**12) }}", /range\(1000000000000\) has more than 100,000 elements/],
  ["a range without end", `{{ range(1${"0".repeat(400)}) }}`, /range\(Infinity\) has more/],
  ["a range with a tiny step", "{{ range(0, 1, 0.0000001) }}", /has more than 100,000/],
  ["nested loops", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}", STEPS],
  ["nested loops with an empty body", `${"{% for a in range(5000) %}".repeat(3)}${"{% endfor %}".repeat(3)}`, STEPS],
  [
    "a loop with a condition",
    "{% for a in range(90000) %}{% for b in range(90000) if b < 0 %}{% endfor %}{% endfor %}",
    STEPS,
  ],
  [
    "100 MB of output",
    "{% set x = 'x' * 1 if false else 'xxxxxxxxxx' %}{% for i in range(1000) %}{% for j in range(10000) %}{{ x }}{% endfor %}{% endfor %}",
    STEPS,
  ],
  [
    "doubling of a text",
    "{% set ns = namespace(x='0123456789') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    SIZE,
  ],
  [
    "doubling of a list",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    SIZE,
  ],
  [
    "a list that contains itself twice, often",
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    SIZE,
  ],
  [
    "a tree of namespaces",
    `${Array.from({ length: 40 }, (_, i) => `{% set n${i} = namespace(v=0) %}`).join("")}${Array.from({ length: 39 }, (_, i) => `{% set n${i}.v = [n${i + 1}, n${i + 1}] %}`).join("")}{{ n0 }}`,
    /steps|20,000,000/,
  ],
  ["a namespace that contains itself", "{% set n = namespace(v=0) %}{% set n.v = n %}{{ n }}", /more than 100 deep/],
  [
    "a namespace that contains itself twice",
    "{% set n = namespace(v=0) %}{% set n.v = [n, n] %}{{ n }}",
    /more than 100 deep|steps/,
  ],
  ["replace of nothing by much", big("{{ ns.x | replace('', ns.x) }}"), SIZE],
  ["the method replace", big("{{ ns.x.replace('a', ns.x) }}"), SIZE],
  ["the method replace by a computed name", big("{% set m = 'replace' %}{{ ns.x[m]('a', ns.x) }}"), SIZE],
  ["the method replace, stored", big("{% set f = ns.x.replace %}{{ f('a', ns.x) }}"), /method that is stored/],
  ["split at each letter", big("{{ ns.x.split('a') | length }}"), SIZE],
  ["split at each space", big("{{ ns.x.split() | length }}"), SIZE],
  ["join with a long separator", big("{{ ns.x | join(ns.x) }}"), SIZE],
  ["join of many with a long separator", big("{{ range(90000) | join(ns.x) }}"), SIZE],
  ["a wide indent", "{{ 'a\\nb' | indent(1000000000) }}", SIZE],
  ["a wide indent in JSON", "{{ [[1], [2]] | tojson(indent=1000000000) }}", SIZE],
  ["long separators in JSON", big("{{ range(90000) | tojson(separators=[ns.x, ':']) }}"), SIZE],
  ["a filter block", big("{% filter replace('a', 'bbbbbbbbbbbbbbbbbbbbbbbbbb') %}{{ ns.x }}{% endfilter %}"), SIZE],
  [
    "a list compared with a text, often",
    "{% set l = range(90000) %}{% for i in range(90000) %}{% if l == 'x' %}{% endif %}{% endfor %}",
    STEPS,
  ],
  [
    "a long list written often, through a filter",
    "{% set l = range(90000) %}{% for i in range(90000) %}{{ l | list }}{% endfor %}",
    STEPS,
  ],
  [
    "a search in a long list, often",
    "{% set l = range(90000) %}{% for i in range(90000) %}{% if -1 in l %}{% endif %}{% endfor %}",
    STEPS,
  ],
  [
    "a search in a long text, often",
    big("{% for i in range(90000) %}{% if 'c' in ns.x %}{% endif %}{% endfor %}"),
    STEPS,
  ],
  ["slices of a long text, often", big("{% for i in range(90000) %}{{ ns.x[:1] }}{% endfor %}"), STEPS],
  ["a filter of a long text, often", big("{% for i in range(90000) %}{{ ns.x | upper | length }}{% endfor %}"), STEPS],
  ["sorting, often", "{% set l = range(90000) %}{% for i in range(90000) %}{{ (l | sort)[0] }}{% endfor %}", STEPS],
  [
    "names that nobody defined, often",
    "{% for i in range(99999) %}{{ a1 }}{{ a2 }}{{ a3 }}{{ a4 }}{{ a5 }}{% endfor %}",
    STEPS,
  ],
  ["a macro that calls itself", "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}", DEPTH],
  [
    "a macro that calls itself twice",
    "{% macro m(n) %}{% if n < 99 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(0) }}",
    STEPS,
  ],
  [
    "a macro that is defined often",
    `{% for i in range(99999) %}{% macro m() %}${"{{ 1 }}".repeat(999)}{% endmacro %}{% endfor %}`,
    STEPS,
  ],
  ["deep brackets", `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`, DEPTH],
  ["deep lists", `{{ ${"[".repeat(3000)}${"]".repeat(3000)} }}`, DEPTH],
  ["a long chain", `{{ 1${" + 1".repeat(100_000)} }}`, DEPTH],
  ["deep blocks", `${"{% if true %}".repeat(20_000)}${"{% endif %}".repeat(20_000)}`, DEPTH],
  [
    "lists nested by a loop",
    "{% set ns = namespace(x=[1]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
    /too deeply|steps/,
  ],
  ["a huge literal", `{{ "${"x".repeat(LIMITS.source)}" }}`, /has 1,000,008 characters, and 1,000,000 are allowed/],
  ["a huge run of spaces", `{{ prompt }}${" ".repeat(900_000)}x`, /too many long runs of spaces/],
  ["many runs of spaces", `${`${" ".repeat(1999)}x`.repeat(499)}`, /too many long runs of spaces/],
  ["many tags that are never closed", "{{".repeat(400_000), /broken/],
  ["many broken tags", `${"{{ 1 }}\n".repeat(100_000)}{{ 1 + }}`, /:100001: .*is not Jinja/],
];

describe("a template that asks for too much", () => {
  test.each(ATTACKS)("is refused: %s", (_name, source, expected) => {
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const refuse = (): string => compile(source).render({});
    expect(refuse).toThrow(expect.objectContaining({ code: "config", message: expect.stringMatching(expected) }));
    // Generous bounds, because machines are busy: without the limits these take hours or gigabytes.
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(900e6);
  });
});

/** Templates as people write them, with every operation that the limits look at. */
const ORDINARY: readonly string[] = [
  "{{ prompt }} and {{ response_a | trim }}{{ response_b | upper | lower | title | capitalize }}",
  "{% for turn in turns if turn.number > 1 %}{{ loop.index }}/{{ loop.length }} {{ turn.prompt }}{% else %}none{% endfor %}",
  "{% set ns = namespace(found=false, all=[]) %}{% for turn in turns %}{% if 'a' in turn.prompt %}{% set ns.found = true %}{% set ns.all = ns.all + [turn.prompt] %}{% endif %}{% endfor %}{{ ns.found }}{{ ns.all }}{{ ns }}",
  "{% macro show(name, text='none', *) %}{% endmacro %}",
  "{% macro show(name, text='none') %}<{{ name }}>{{ text }}{% if varargs %}{{ varargs }}{% endif %}{% endmacro %}{{ show('a', prompt) }}{{ show(name='b') }}{{ show('a', 'b', 'c') }}",
  "{% macro wrap(x) %}[{{ caller(x) }}]{% endmacro %}{% call(y) wrap(prompt) %}{{ y }}{{ response_a }}{% endcall %}",
  "{{ prompt.replace('a', 'bb') }}{{ prompt | replace('', '-') }}{{ prompt | replace('a', 'b', count=1) }}{{ prompt | replace('a', 'b', 1) }}",
  "{{ prompt.split('a') }}{{ prompt.split() | join(', ') }}{{ prompt.split('a', 1) }}{{ turns | map(attribute='prompt') | join(' ') }}",
  "{{ prompt | indent(2, true) }}{{ prompt | indent }}{{ prompt | indent(width=3) }}{{ turns | tojson }}{{ turns | tojson(indent=2) }}{{ turns | tojson(separators=(',', ':'), sort_keys=true) }}",
  "{{ prompt[:3] }}{{ prompt[-2:] }}{{ turns[0].prompt }}{{ turns[-1]['prompt'] }}{{ turns[::-1] }}{{ prompt[0] }}{{ turns[1:] | length }}",
  "{{ 1 + 2 * 3 ** 2 // 4 % 5 - 6 / 7 }}{{ 'a' ~ 1 ~ true ~ [1] }}{{ 'a' + 'b' }}{{ prompt == 'a' }}{{ turns == [] }}{{ [1] == '1' }}{{ 'a' in turns[0] }}{{ 1 in [1, 2] }}{{ 3 not in [1] }}{{ prompt != response_a }}",
  "{% filter upper %}{{ prompt }}{% endfilter %}{% filter replace('a', 'b') %}{{ prompt }}{% endfilter %}{% set block %}{{ prompt }}!{% endset %}{{ block }}",
  "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}{{ range(3) }}{{ range(1, 3) }}{{ range(5, 0, -2) }}{{ range(0) }}{{ range(3, 1) }}",
  "{% for key, value in turns[0].items() %}{{ key }}={{ value }};{% endfor %}{% for key in turns[0] %}{{ key }}{% endfor %}{{ turns[0] | dictsort }}{{ [3, 1, 2] | sort }}{{ ['b', 'A'] | sort(reverse=true) }}{{ [1, 1] | unique }}",
  "{{ prompt is string }}{{ nothing is defined }}{{ nothing | default('x') }}{{ prompt.startswith('a') }}{{ prompt.endswith(('a', 'b')) }}{{ turns | selectattr('number', 'equalto', 1) | list }}{{ turns | rejectattr('number') | list | length }}",
  "{{ dict(a=1) }}",
  "{{ prompt | shout }}",
  "{{ raise_exception('no ' ~ prompt) }}",
  "{{ nothing() }}",
  "{{ nothing.field }}{{ none }}{{ None }}{{ true and false or 'x' }}{{ not true }}{{ -1 }}{{ 'a' if prompt else 'b' }}{{ ('a', 'b') }}{{ {'a': 1}['a'] }}{{ {'a': 1}.get('b', 2) }}",
];

describe("a template that asks for little", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "<|im_end|>", "é", "😀"), maxLength: 20 }),
  );
  const rows = fc.array(fc.record({ prompt: text, response_a: text, response_b: text }), {
    minLength: 1,
    maxLength: 4,
  });
  const result = (render: () => string): string => {
    try {
      return render();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return `error: ${plainWords(message.replace(/^.*cannot be rendered: /u, ""))}`;
    }
  };

  test.each(ORDINARY)("renders as the library does without limits: %s", (source) => {
    fc.assert(
      fc.property(rows, (turns) => {
        const variables = { ...turns[0], turns: turns.map((turn, i) => ({ ...turn, number: i + 1 })) };
        let program: Jinja;
        try {
          program = compile(source);
        } catch (error) {
          expect(() => new Template(source)).toThrow();
          expect(error).toMatchObject({ code: "config" });
          return;
        }
        expect(result(() => program.render(variables))).toBe(result(() => unbounded(source, variables)));
      }),
      { numRuns: 60 },
    );
  });

  test("renders as the library does without limits: a chat template", async () => {
    const source = await readFile(join(fixtureFolder("bytelevel"), "chat_template.jinja"), "utf8");
    const program = compile(source);
    fc.assert(
      fc.property(text, text, (system, user) => {
        const messages = [
          { role: "system", content: system },
          { role: "user", content: user },
        ];
        const variables = { messages, add_generation_prompt: true, bos_token: "<s>", eos_token: "</s>" };
        expect(result(() => program.render(variables))).toBe(result(() => unbounded(source, variables)));
      }),
    );
  });

  test("renders a row of 1 MB, and one of 500 turns, with filters, slices and loops over earlier turns", () => {
    const source =
      "{% for turn in turns %}{% if turn.prompt | trim | length > 3 and 'x' in turn.prompt %}" +
      "{{ turn.prompt | trim | replace('ab', 'cd') }}{{ turn.response_a[:4000] }}{{ turns[loop.index0].response_b | tojson }}" +
      "{% for earlier in turns[:loop.index0] %}{{ earlier.number }}{% endfor %}{% endif %}{% endfor %}{{ prompt | upper }}";
    const row = (count: number, length: number): Record<string, unknown> => {
      const long = "abx ".repeat(length / 4);
      const turns = Array.from({ length: count }, (_, i) => ({
        number: i + 1,
        prompt: long,
        response_a: long,
        response_b: long,
      }));
      return { turns, prompt: long.repeat(count) };
    };
    for (const [count, length] of [
      [1, 1_000_000],
      [500, 2_000],
      [500, 20],
    ] as const) {
      const variables = row(count, length);
      expect(compile(source).render(variables)).toBe(unbounded(source, variables));
    }
  });
});

test("what a block writes is weighed, also beside a slice that lacks a bound", () => {
  const [block] = compile("{% if a %}{{ b }}{% endif %}{{ c[1:] }}").program["body"] as {
    readonly body: readonly object[];
  }[];
  expect(block?.body.map((node) => PRINTED in node)).toEqual([true]);
});

test("a name is known in a macro, a filter's argument and a slice as the only place that names it", () => {
  const source =
    "{% macro m() %}{{ a }}{% endmacro %}{{ m() }}{{ 'x' | replace('x', b) }}{{ c[d:] }}{{ e is defined }}";
  const variables = { a: "1", b: "2", c: "cde", d: 1, e: "5", unnamed: { deep: ["6"] } };
  expect(compile(source).render(variables)).toBe("12detrue");
});

test("a list of 300,000 written elements is rendered", () => {
  expect(compile(`{{ [${"1,".repeat(300_000)}] | length }}`).render({})).toBe("300000");
});

describe("both kinds of template", () => {
  const LOOP = "{% for i in range(1000000000) %}{% endfor %}";

  test("the job's: exit 2 with file and line, in the body and in the system message", async () => {
    const body = `{{ prompt }}{{ response_a }}\n{{ response_b }}${LOOP}`;
    await expect(templateOf(body)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(
        /test\.jinja:8: the template cannot be rendered: range\(1000000000\) has more than/,
      ),
    });
    const head = HEAD.replace("raw", "chat").replace("---\n", `---\nsystem: "${LOOP}"\n`);
    await expect(templateOf("{{ prompt }}{{ response_a }}{{ response_b }}", head)).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(/test\.jinja:2: the template cannot be rendered: range/),
    });
  });

  test("the model's: exit 2 with its file when it loops, is too deep, or raises an error", async () => {
    const load = async (chat: string): Promise<unknown> => {
      const files = await readFile(join(fixtureFolder("bytelevel"), "tokenizer.json"), "utf8");
      const folder = await temporaryFolder({ "tokenizer.json": files, "chat_template.jinja": chat });
      const tokenizer = await loadTokenizer(folder, SETTINGS);
      return tokenizer.encodeChat([{ role: "user", content: "hello" }], "");
    };
    for (const [chat, problem] of [
      [LOOP, /chat_template\.jinja:1: the chat template cannot be rendered: range/],
      [`{{ ${"(".repeat(100_000)}`, /chat_template\.jinja: the chat template is broken: it has more than 400/],
      [
        "{{ raise_exception('only tools') }}",
        /chat_template\.jinja:1: the chat template cannot be rendered: only tools/,
      ],
      [
        "a\n{{ undefined_function() }}",
        /chat_template\.jinja:\d: the chat template cannot be rendered: a name that is not defined is called/,
      ],
    ] as const) {
      await expect(load(chat)).rejects.toMatchObject({ code: "config", message: expect.stringMatching(problem) });
    }
  });

  test("a broken chat template inside tokenizer_config.json is named with its line in the text", async () => {
    const folder = await temporaryFolder({
      "tokenizer.json": await readFile(join(fixtureFolder("bytelevel"), "tokenizer.json"), "utf8"),
      "tokenizer_config.json": JSON.stringify({ chat_template: "one\n{% if %}" }),
    });
    await expect(loadTokenizer(folder, SETTINGS)).rejects.toThrow(
      /tokenizer_config\.json \(line 2 of "chat_template"\): the chat template is broken: .*format: raw/,
    );
  });
});
