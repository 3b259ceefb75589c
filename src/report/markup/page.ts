import { createHash } from "node:crypto";
import { type Html, html, trusted } from "./html.ts";
import { SCRIPT } from "./script.ts";
import { pageStyle } from "./style.ts";

/**
 * Builds a complete page that loads nothing from other addresses. Its content security policy allows, by their hashes,
 * this one style sheet and this one script, and forbids everything else: requests, other scripts, forms, frames.
 */
export function page(title: string, body: Html): string {
  const style = pageStyle();
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(style)}`,
    `script-src ${sourceHash(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
${body}
</main>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup;
}

function sourceHash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const OPENING =
  '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"';

/** Decides whether a text is a page of this program. */
export function isPage(text: string): boolean {
  return text.startsWith(OPENING);
}
