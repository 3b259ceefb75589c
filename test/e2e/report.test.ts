import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderComparison } from "../../src/report/render-comparison.ts";
import { renderRun } from "../../src/report/render-run.ts";
import { PIECES } from "../report/hostile.ts";
import { sampleReport } from "../report/sample.ts";
import { sampleComparison, sampleUnlabelled } from "../report/sample-comparison.ts";

// A page is asked for over HTTP on the loopback, so that any request it makes would be seen.
const pages = new Map<string, string>([
  ["/run", renderRun(sampleReport(400))],
  ["/large", renderRun(sampleReport(25_000))],
  ["/comparison", renderComparison(sampleComparison())],
  ["/agreement", renderComparison(sampleUnlabelled())],
]);
const asked: string[] = [];
let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const page = pages.get(request.url ?? "");
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "text/html" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const executablePath = process.env["ABTIE_CHROMIUM"] ?? "/usr/bin/chromium";
  const quiet = ["first-run", "sandbox"].map((name) => `--no-${name}`);
  const off = ["gpu", "background-networking", "component-update", "sync", "quic"].map((name) => `--disable-${name}`);
  browser = await chromium.launch({ executablePath, args: [...quiet, ...off] }).catch((cause: unknown) => {
    throw new Error(
      `Chromium did not start from ${executablePath}: install it (apt-get install chromium) or name it in ABTIE_CHROMIUM.`,
      { cause },
    );
  });
});

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and anything that the policy stopped. */
  readonly complaints: string[];
  readonly requests: string[];
}

async function open(path: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => page.close() };
}

describe("a page in Chromium", () => {
  test.each([...pages.keys()])(
    "%s shows without a complaint in the console and asks for nothing else",
    async (path) => {
      asked.length = 0;
      await using opened = await open(path);
      await opened.page.locator("#about").scrollIntoViewIfNeeded();
      expect(opened.complaints).toEqual([]);
      expect(opened.requests).toHaveLength(1);
      expect(asked).toEqual([path]);
      expect(await opened.page.locator("main svg").count()).toBeGreaterThan(2);
    },
  );

  test("sorts a table by a column, in both directions, and says so to assistive technology", async () => {
    await using opened = await open("/run");
    const table = opened.page.locator("table", { has: opened.page.locator("caption", { hasText: "By length" }) });
    const losses = () => table.locator("tbody td:nth-child(2)").evaluateAll(numbersOf, "data-v");
    const before = await losses();
    await table.getByRole("button", { name: "Log loss" }).click();
    const descending = [...before].sort((one, other) => other - one);
    expect(descending).not.toEqual(before);
    expect(await losses()).toEqual(descending);
    await table.getByRole("button", { name: "Log loss" }).click();
    expect(await losses()).toEqual([...descending].reverse());
    expect(await table.getByRole("columnheader", { name: "Log loss" }).getAttribute("aria-sort")).toBe("ascending");
    await table.getByRole("button", { name: "Length" }).press("Enter");
    const names = await table.locator("tbody th").allTextContents();
    expect(names).toEqual([...names].sort((one, other) => one.localeCompare(other, "en", { numeric: true })));
  });

  test("puts cells without a value last in both directions", async () => {
    await using opened = await open("/comparison");
    const table = opened.page.locator("table", {
      has: opened.page.locator("caption", { hasText: /^Label mass.*cost$/ }),
    });
    for (let click = 0; click < 2; click += 1) {
      await table.getByRole("button", { name: "Flip rate" }).click();
      const [first] = await table.locator("tbody tr td:nth-child(3)").allTextContents();
      expect(first).toContain("61.0");
    }
  });

  test("sorts the rows with their text", async () => {
    await using opened = await open("/run");
    const tokens = () => opened.page.locator(".worst > li").evaluateAll(numbersOf, "data-tokens");
    await opened.page.getByRole("button", { name: "most tokens" }).click();
    const sorted = await tokens();
    expect(sorted).toEqual([...sorted].sort((one, other) => other - one));
    expect(new Set(sorted).size).toBeGreaterThan(5);
  });

  test("leads from a ring in the triangle to the text of its row", async () => {
    await using opened = await open("/run");
    await opened.page.locator('.rings a[href="#row-3"]').dispatchEvent("click");
    await opened.page.locator("#row-3:target").waitFor();
    expect(new URL(opened.page.url()).hash).toBe("#row-3");
  });
});

describe("hostile rows in Chromium", () => {
  test("are shown as the text that they are", async () => {
    await using opened = await open("/run");
    const texts = await opened.page.locator(".text").allTextContents();
    for (const shown of [
      '<script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">',
      '</div></li></ol></main><style>*{display:none}</style><h1 id="injected">injected</h1>',
      "<!-- ]]> --> <a href=\"javascript:document.title='owned'\">click</a> &lt;b&gt; &#60;",
      "‹U+202E›gnp.exe‹U+202C›",
    ]) {
      expect(texts.some((text) => text.includes(shown))).toBe(true);
    }
    expect(await opened.page.title()).toBe("runs/lmsys-34b-awq: abtie report");
    expect(await opened.page.locator("#injected, main img, main script, main style, main iframe").count()).toBe(0);
    expect(await opened.page.locator("script").count()).toBe(1);
  });

  test("a text of a megabyte is folded and cut, and one from right to left keeps its direction to itself", async () => {
    await using opened = await open("/run");
    const long = opened.page.locator("#row-6");
    expect(await long.textContent()).toContain("994,000 further characters are in the data file only.");
    const fold = long.locator("details").first();
    expect(await fold.getAttribute("open")).toBeNull();
    await fold.locator("summary").click();
    expect((await fold.locator(".text").textContent())?.length).toBe(5300);
    expect(await opened.page.evaluate<string>(DIRECTION)).toBe("rtl");
    expect(await opened.page.evaluate<string>("getComputedStyle(document.body).direction")).toBe("ltr");
  });

  test("build the same elements and attributes as harmless ones, in the browser's own parser", async () => {
    const build = (change: (text: string) => string): string => {
      const sample = sampleReport(40);
      const texts = sample.worst.map((row, index) => {
        const text = change(PIECES.slice(index, index + 14).join(""));
        return { ...row, row: { ...row.row, prompts: [text], responsesA: [text], responsesB: [text] } };
      });
      return renderRun({ ...sample, name: change(PIECES.join("")), worst: texts });
    };
    pages.set(
      "/hostile",
      build((text) => text),
    );
    pages.set(
      "/harmless",
      build((text) => text.replace(/[<>&"'`=/\\]/g, "x")),
    );
    await using one = await open("/hostile");
    await using other = await open("/harmless");
    expect(await one.page.evaluate<string[]>(STRUCTURE)).toEqual(await other.page.evaluate<string[]>(STRUCTURE));
    expect(one.complaints).toEqual([]);
  });

  test("could not run a script even if markup got through: the policy stops it", async () => {
    const page = renderRun(sampleReport(40)).replace("<main>", '<main><img src="x" onerror="document.title=1">');
    pages.set("/leak", page.replace("</main>", "<script>document.title = 'owned'</script></main>"));
    asked.length = 0;
    await using opened = await open("/leak");
    expect(await opened.page.title()).toBe("runs/lmsys-34b-awq: abtie report");
    expect(opened.complaints.length).toBeGreaterThanOrEqual(2);
    expect(asked).toEqual(["/leak"]);
  });
});

describe("the page on every screen and on paper", () => {
  test.each([...pages.keys()])("%s is as wide as a phone, and no wider", async (path) => {
    await using opened = await open(path, { viewport: { width: 390, height: 844 } });
    expect(await opened.page.evaluate<number>("document.documentElement.scrollWidth")).toBe(390);
  });

  test.each([1280, 740, 390])(
    "draws every chart with letters of one size, %d pixels wide, also one alone in its row",
    async (width) => {
      const sample = sampleComparison();
      const stopping = sample.stopping && { ...sample.stopping, paths: sample.stopping.paths.slice(0, 1) };
      pages.set("/alone", renderComparison({ ...sample, stopping }));
      for (const path of ["/alone", "/run"]) {
        await using opened = await open(path, { viewport: { width, height: 900 } });
        const sizes = await opened.page.evaluate<number[]>(LETTERS);
        expect(sizes.length).toBeGreaterThan(2);
        expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.1);
      }
    },
  );

  test("is dark where the reader's device is, and always light on paper", async () => {
    await using opened = await open("/run", { colorScheme: "dark" });
    const paper = () => opened.page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    expect(await paper()).toBe("rgb(22, 23, 26)");
    await opened.page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await paper()).toBe("rgb(255, 255, 255)");
    const pdf = await opened.page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
  });

  test("loses nothing but sorting without its script", async () => {
    await using opened = await open("/run", { javaScriptEnabled: false });
    expect(await opened.page.locator("button").count()).toBe(0);
    expect(await opened.page.locator("table tbody tr").count()).toBeGreaterThan(10);
  });
});

describe("25,000 rows", () => {
  test("take less than 10 MB, and every point is drawn", async () => {
    const bytes = Buffer.byteLength(pages.get("/large") ?? "");
    await using opened = await open("/large");
    const shown = await opened.page.evaluate<number>(PAINTED);
    console.log(`25,000 rows: ${(bytes / 1e6).toFixed(2)} MB, painted ${Math.round(shown)} ms after the request`);
    expect(bytes).toBeLessThan(10_000_000);
    expect(await opened.page.evaluate<number>(POINTS)).toBeGreaterThan(20_000);
  });
});

/** Reads an attribute of each element as a number; runs in the page. */
function numbersOf(elements: readonly { getAttribute(name: string): string | null }[], name: string): number[] {
  return elements.map((element) => Number(element.getAttribute(name)));
}

// Run in the page, so they are texts: this project's types know no document.
/** How many pixels a unit of the view box has in each chart. */
const LETTERS =
  "[...document.querySelectorAll('figure > svg')].map((svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)";
const DIRECTION = `getComputedStyle([...document.querySelectorAll(".text")].find((text) => text.textContent.includes("اللغة"))).direction`;
const STRUCTURE = `[...document.querySelectorAll("*")].map((element) => element.tagName + " " + element.getAttributeNames().join(" "))`;
const POINTS = `[...document.querySelectorAll("#judgements .dots path")].reduce((sum, path) => sum + path.getAttribute("d").split("M").length - 1, 0)`;
const PAINTED =
  "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))))";
