import { LIGHT } from "./base.ts";
import { CHARTS } from "./charts.ts";

/** The style of a picture that stands alone: the colours of the page on light ground, without variables, which few viewers know. */
export function standaloneStyle(): string {
  const colours = CHARTS.replace(/var\(--(\w+)\)/g, (whole, name: string) => LIGHT[name] ?? whole);
  return `${colours}svg{background:${LIGHT["paper"]}}svg text,svg text.label,svg text.note{font-size:12px}svg text.title{font-size:16px;font-weight:600;fill:${LIGHT["ink"]}}`;
}
