import { expect, test } from "vitest";
import { normaliseBaseUrl } from "../../src/engine/life/attach.ts";

test.each([
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/v1/completions", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/v1/chat/completions?x=1", "http://127.0.0.1:8000"],
  ["http://127.0.0.1:8000/health", "http://127.0.0.1:8000"],
  ["https://example.org/proxy/v1/completions", "https://example.org/proxy"],
  ["https://example.org/proxy/", "https://example.org/proxy"],
  ["localhost:8000", "http://localhost:8000"],
  [" http://gpu-box:8000/v1 ", "http://gpu-box:8000"],
])("finds the root of %s", (written, root) => {
  expect(normaliseBaseUrl(written)).toBe(root);
});

test.each(["", "ftp://example.org", "http://", "not a url"])("refuses %j, naming it", (written) => {
  expect(() => normaliseBaseUrl(written)).toThrow(`The base URL ${JSON.stringify(written)} is not an http address.`);
});
