import type { Html } from "../../src/report/markup/html.ts";

/** A point of a picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Reads the view box of a picture. */
export function viewBox({ markup }: Html): { readonly width: number; readonly height: number } {
  const match = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(markup);
  return { width: Number(match?.[1]), height: Number(match?.[2]) };
}

/** Reads the marks of a point cloud: the begin of every line of no length. */
export function cloud({ markup }: Html): Point[] {
  return [...markup.matchAll(/M(-?[\d.]+) (-?[\d.]+)h0/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

/** Reads the centres of all circles with the given class. */
export function circles({ markup }: Html, kind = "mark"): Point[] {
  const pattern = new RegExp(`<circle class="${kind}" cx="(-?[\\d.]+)" cy="(-?[\\d.]+)"`, "g");
  return [...markup.matchAll(pattern)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
}

/** Reads every point of every path with absolute commands M, L, H, V and C, and the corners of every rectangle and circle. */
export function allPoints({ markup }: Html): Point[] {
  const points: Point[] = [];
  for (const [, d] of markup.matchAll(/ d="([^"]*)"/g)) points.push(...pathPoints(d ?? ""));
  for (const [, attributes] of markup.matchAll(/<rect ([^>]*)>/g)) {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => attribute(attributes ?? "", name));
    points.push(
      { x: x ?? Number.NaN, y: y ?? Number.NaN },
      { x: (x ?? 0) + (width ?? 0), y: (y ?? 0) + (height ?? 0) },
    );
  }
  return [...points, ...circles({ markup } as Html)];
}

function pathPoints(d: string): Point[] {
  let [x, y] = [0, 0];
  return [...d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)].flatMap(([, command, text]) => {
    const numbers = [...(text ?? "").matchAll(/-?[\d.]+/g)].map(([number]) => Number(number));
    if (command === "H") x = numbers[0] ?? Number.NaN;
    else if (command === "V") y = numbers[0] ?? Number.NaN;
    else if (command === "h") x += numbers[0] ?? Number.NaN;
    else if (command === "v") y += numbers[0] ?? Number.NaN;
    else if (command !== "Z" && command !== "z") [x, y] = numbers.slice(-2) as [number, number];
    return [{ x, y }];
  });
}

function attribute(text: string, name: string): number {
  return Number(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(text)?.[1]);
}

/** A text of a picture with the box that it covers, estimated from its length. */
export interface Label {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Reads the texts of a picture whose attributes match a pattern. */
export function labels({ markup }: Html, attributes: RegExp): Label[] {
  return [...markup.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)]
    .filter(([, held]) => attributes.test(held ?? ""))
    .map(([, held = "", text = ""]) => {
      const [x, y] = [attribute(held, "x"), attribute(held, "y")];
      const width = 5.8 * text.length;
      const left = held.includes('text-anchor="end"') ? x - width : held.includes('"middle"') ? x - width / 2 : x;
      return { text, left, right: left + width, top: y - 9, bottom: y + 2 };
    });
}

/** Lists the pairs of labels that cover each other. */
export function covering(all: readonly Label[]): string[] {
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter(
        (other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom,
      )
      .map((other) => `${one.text} / ${other.text}`),
  );
}
