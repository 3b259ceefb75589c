import { visible } from "./visible.ts";

/** Markup that is safe to put into a page as it is. Only `html` and `trusted` make it, so a string is always text. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** The value of a hole of a template. Null, undefined and false leave nothing behind. */
export type Hole = Html | string | number | null | undefined | false | readonly Hole[];

/**
 * Builds markup from a template whose holes are escaped: text in a hole can never become an element, an attribute or a
 * comment. A hole may stand in text or inside a quoted attribute value; one in an unquoted value is a bug and throws.
 */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Html {
  let markup = "";
  for (const [index, text] of strings.entries()) {
    if (text.endsWith("=")) throw new Error(`attribute value without quotes after ${text}`);
    markup += text + fill(holes[index]);
  }
  return new Html(markup);
}

/** Declares a text of the program itself (its style, its script) to be markup. Never for data. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Escapes text for element content and quoted attribute values, and makes invisible characters visible. */
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
