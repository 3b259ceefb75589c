import { visible } from "./visible.ts";

/**
 * Markup that can be put into a page without escaping. Only `html` and `trusted` make it; a string is always plain
 * text.
 */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A value that can be inserted into a template. Null, undefined and false insert nothing. */
export type Hole = Html | string | number | null | undefined | false | readonly Hole[];

/**
 * Builds markup from a template and escapes the inserted values, so that text can never become an element, an attribute
 * or a comment. A value may be inserted in text or inside a quoted attribute value. Inserting a value into an unquoted
 * attribute value is a bug and throws.
 */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Html {
  let markup = "";
  for (const [index, text] of strings.entries()) {
    if (text.endsWith("=")) throw new Error(`attribute value without quotes after ${text}`);
    markup += text + fill(holes[index]);
  }
  return new Html(markup);
}

/** Declares a text of the program itself (its style sheet, its script) to be markup. Must never be used for data. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Escapes text for element content and for quoted attribute values, and makes invisible characters visible. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function fill(hole: Hole): string {
  if (hole instanceof Html) return hole.markup;
  if (Array.isArray(hole)) return (hole as readonly Hole[]).map(fill).join("");
  if (hole === null || hole === undefined || hole === false) return "";
  return escapeHtml(String(hole));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
