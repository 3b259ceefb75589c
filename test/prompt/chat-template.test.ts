import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compileChatTemplate } from "../../src/prompt/tokenizer/chat-template.ts";
import { formatDay } from "../../src/prompt/tokenizer/strftime.ts";
import type { Message } from "../../src/prompt/tokenizer/tokenizer.ts";
import { SETTINGS } from "./helpers.ts";

const FOLDER = fileURLToPath(new URL("../fixtures/chat-templates", import.meta.url));

/** What Python renders, made by make.py; null for a conversation that a template refuses. */
const GOLDEN = JSON.parse(readFileSync(join(FOLDER, "golden.json"), "utf8")) as {
  readonly templates: Readonly<Record<string, Readonly<Record<"user" | "system" | "folded", string | null>>>>;
  readonly days: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

const USER: Message = { role: "user", content: "  Which is better?\n\nA: /think 敏捷\nB: no \n" };
const SYSTEM: Message = { role: "system", content: "You are a judge." };
const SPECIALS = { bos_token: "<s>", eos_token: "</s>" };

/** The closing texts of the templates that need one. */
const CLOSINGS: Readonly<Record<string, string>> = {
  "opened-thinking": "\n</think>\n\n",
  "opened-by-data": "\n</think>\n\n",
  channel: "<|channel|>final<|message|>",
  "dated-by-clock": "<|channel|>final<|message|>",
};

describe.each(Object.entries(GOLDEN.templates))("the chat template %s", (name, rendered) => {
  const source = readFileSync(join(FOLDER, `${name}.jinja`), "utf8");
  const template = compileChatTemplate({ path: `${name}.jinja`, source, specials: SPECIALS })(SETTINGS);
  const closing = CLOSINGS[name] ?? "";

  test("gives Python's text and the closing text", () => {
    expect(template.render([USER])).toBe(`${rendered.user}${closing}`);
  });

  test("shows the system text, in the user's message if the template refuses or ignores the role", () => {
    const { system, folded } = rendered;
    const shown = system?.includes(SYSTEM.content) === true ? system : folded;
    expect(template.render([SYSTEM, USER])).toBe(`${shown}${closing}`);
  });
});

test("only templates that print the date depend on it", () => {
  const dated = Object.keys(GOLDEN.templates).filter((name) => {
    const source = readFileSync(join(FOLDER, `${name}.jinja`), "utf8");
    return compileChatTemplate({ path: name, source, specials: SPECIALS })(SETTINGS).dated;
  });
  expect(dated).toEqual(["dated-by-clock", "dated"]);
});

test("a template depends on the date also if it prints only a part of it that many days share", () => {
  for (const code of ["%Y", "%m", "%d", "%A"]) {
    const compiled = compileChatTemplate({ path: "t", source: `{{ strftime_now("${code}") }}`, specials: {} });
    const days = ["1999-12-31", "1999-06-21", "2026-12-05", "2026-12-31", "2003-06-21", "2027-01-01"];
    for (const date of days) expect(compiled({ ...SETTINGS, date }).dated).toBe(true);
  }
});

test("the variables of the settings come before the defaults of the template, and do not hide the messages", () => {
  const source =
    "{{ date_string if date_string is defined else strftime_now('%Y') }} {{ messages[0].content }} {{ tools }}";
  const compiled = compileChatTemplate({ path: "x.jinja", source, specials: SPECIALS });
  expect(compiled({ ...SETTINGS, kwargs: { date_string: "today" } }).render([USER])).toContain(`today ${USER.content}`);
  expect(compiled({ ...SETTINGS, kwargs: { date_string: "today" } }).dated).toBe(false);
});

test("an error while a chat template renders is a config error with file and line", () => {
  const compile = (source: string) => compileChatTemplate({ path: "model/chat_template.jinja", source, specials: {} });
  const refusing = "{% for m in messages %}\n{{ raise_exception('no answers of this kind') }}\n{% endfor %}";
  expect(() => compile(refusing)(SETTINGS).render([USER])).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringMatching(
        /^model\/chat_template\.jinja:2: the chat template cannot be rendered: no answers of this kind/,
      ),
    }),
  );
  const calling = "{{ messages[0].content }}\n\n{{ undefined_function(1) }}";
  expect(() => compile(calling)(SETTINGS).render([USER])).toThrow(
    expect.objectContaining({ code: "config", message: expect.stringContaining("model/chat_template.jinja") }),
  );
});

test.each(Object.entries(GOLDEN.days))("writes the day %s as Python does", (day, codes) => {
  const written = Object.fromEntries(Object.keys(codes).map((code) => [code, formatDay(day, code)]));
  expect(written).toEqual(codes);
});

test("a format() that would make a huge text is refused, and one with unknown fields is an error", () => {
  const render = (source: string, t = ""): string =>
    compileChatTemplate({ path: "x.jinja", source, specials: {} })({ ...SETTINGS, kwargs: { t } }).render([USER]);
  expect(() => render("{{ '{}{}{}{}'.format(t, t, t, t) }}", "x".repeat(10_000_000))).toThrow(/too long texts/);
  expect(() => render("{{ '{:>5}'.format('x') }}")).toThrow(/no value for \{:>5\}/);
});
