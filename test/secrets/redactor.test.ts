import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { secretsOfEnvironment } from "../../src/secrets/environment.ts";
import { createRedactor } from "../../src/secrets/redactor.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { partsOfUrl } from "../../src/secrets/url.ts";

const KEY = "sk-proj/9f3Qa+77zLm2==";
const redact = (text: string, ...secrets: readonly string[]): string =>
  createRedactor((secrets.length === 0 ? [KEY] : secrets).map((value) => new Secret(value))).redact(text);

const percent = (text: string): string =>
  [...Buffer.from(text, "utf8")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const entities = (text: string): string => [...text].map((character) => `&#${character.codePointAt(0)};`).join("");
const escapes = (text: string): string =>
  [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

/** The ways in which a server, a gateway or a log may repeat a key. */
const ECHOES: Readonly<Record<string, (key: string) => string>> = {
  "as it is": (key) => key,
  "in upper case": (key) => key.toUpperCase(),
  "in lower case": (key) => key.toLowerCase(),
  "URL-encoded": encodeURIComponent,
  "every byte percent-encoded": percent,
  "percent-encoded in upper case": (key) => percent(key).toUpperCase(),
  "URL-encoded twice": (key) => encodeURIComponent(encodeURIComponent(key)),
  "in JSON": (key) => JSON.stringify({ error: { message: `wrong key ${key}` } }),
  "in JSON inside JSON": (key) => JSON.stringify(JSON.stringify({ key })),
  "in JSON with code points": (key) => `{"key":"${escapes(key)}"}`,
  "in HTML entities": entities,
  "in base64": (key) => Buffer.from(key).toString("base64"),
  "in base64 after one more byte": (key) => Buffer.from(`:${key}`).toString("base64"),
  "in base64 after a user": (key) => Buffer.from(`me:${key}:end`).toString("base64"),
  "in base64 for URLs": (key) => Buffer.from(`Bearer ${key}`).toString("base64url"),
  "in a header": (key) => `WWW-Authenticate: Bearer realm="x", error_description="${key}"`,
  "split by markup in a page": (key) => [...key].join("<wbr>"),
  "split over lines": (key) => `${key.slice(0, 9)}\n      ${key.slice(9)}`,
  "split by soft hyphens": (key) => [...key].join("\u00ad"),
  "split by colours": (key) => `${key.slice(0, 3)}\u001b[31m${key.slice(3)}`,
  "cut off at the end": (key) => key.slice(0, -3),
  "cut off before three dots": (key) => `${key.slice(0, 10)}...`,
};

describe("a secret that a server repeats is removed", () => {
  test.each(Object.keys(ECHOES))("%s", (name) => {
    const echo = ECHOES[name]?.(KEY) ?? "";
    const page = `<html>${"<p>nothing</p>".repeat(2_000)}key: ${echo}`;
    const clean = redact(page);
    expect(clean).toContain("[secret]");
    expect(clean).toContain("key: ");
    for (const part of [echo, KEY, KEY.toLowerCase(), KEY.slice(0, 10), KEY.slice(-10)]) {
      expect(clean.toLowerCase()).not.toContain(part.toLowerCase());
    }
  });

  test("any secret, in any echo, between any texts", () => {
    // Base64 of the lower-case key is another text than the key's.
    const secrets = fc.string({ unit: "grapheme-ascii", minLength: 8, maxLength: 80 }).filter((s) => s.trim() === s);
    const names = fc.constantFrom(...Object.keys(ECHOES).filter((name) => !/split|cut off|code points/.test(name)));
    fc.assert(
      fc.property(secrets, names, (secret, name) => {
        const echo = ECHOES[name]?.(secret) ?? "";
        expect(redact(`before ${echo} after`, secret)).toContain("[secret]");
      }),
      { numRuns: 300 },
    );
  });

  test("a text without the secret stays as it is", () => {
    const text = "The model sk-pro is not served; the prompt has 9f3 tokens. sk-proj is no key here.";
    expect(redact(text)).toBe(text);
  });
});

test("a short secret is removed as a word, and short settings are left alone", () => {
  expect(redact("user admin: admins and Admin", "admin")).toBe("user [secret]: admins and [secret]");
  const settings = ["true", "false", "null", "auto", "0", "8000", "0.95", "ab"];
  const text = JSON.stringify({ valid: true, rows: 8000, words: settings });
  expect(redact(text, ...settings)).toBe(text);
});

test("the longer of two secrets is removed first", () => {
  expect(redact("key=abcdefgh-more", "abcdefgh", "abcdefgh-more")).toBe("key=[secret]");
});

test("hostile texts take little time", () => {
  const secrets = ["aaaaaaaaaaaaaaaa", "<<<<<<<<<<<<", "            ", "\\\\\\\\\\\\\\\\", "&&&&&&&&&&", KEY];
  const redactor = createRedactor(secrets.map((value) => new Secret(value)));
  const began = performance.now();
  for (const piece of ["a", "<", " ", "\\", "&", "&shy;", "<a>", "\u001b[", "s<wbr>", "a ", "%25"]) {
    redactor.redact(piece.repeat(200_000 / piece.length));
  }
  expect(performance.now() - began).toBeLessThan(20_000);
});

test("an address is shown without user, password, query and fragment", () => {
  const parts = partsOfUrl("https://me%40x:p%3Aw%25@gateway.example:8443/team/v1?token=t0p-s3cret&v=1#end");
  expect(parts.shown).toBe("https://gateway.example:8443/team/v1");
  expect(parts.authorization?.reveal()).toBe(`Basic ${Buffer.from("me@x:p:w%").toString("base64")}`);
  expect(parts.query?.reveal()).toBe("token=t0p-s3cret&v=1");
  expect(parts.secrets.map((secret) => secret.reveal())).toEqual(
    expect.arrayContaining(["me@x:p:w%", "me@x", "p:w%", "token=t0p-s3cret&v=1", "t0p-s3cret"]),
  );
  expect(partsOfUrl("http://127.0.0.1:8000/v1").shown).toBe("http://127.0.0.1:8000/v1");
  expect(partsOfUrl("no address").shown).toBe("no address");
});

test("the environment's keys and the addresses of proxies and registries are secrets", () => {
  const found = secretsOfEnvironment({
    OPENAI_API_KEY: "sk-1 ",
    HF_TOKEN: "hf_2",
    HTTPS_PROXY: "http://me:proxypass@proxy:3128",
    UV_INDEX: "https://a:indexpass@one/simple https://two/simple",
    PATH: "/usr/bin",
    EMPTY_TOKEN: "",
  }).map((secret) => secret.reveal());
  expect(found).toEqual(expect.arrayContaining(["sk-1", "hf_2", "proxypass", "indexpass"]));
  expect(found).not.toContain("/usr/bin");
});
