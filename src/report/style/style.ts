import { BASE } from "./base.ts";
import { CHARTS } from "./charts.ts";
import { PRINT } from "./print.ts";
import { ROWS } from "./rows.ts";
import { TABLES } from "./tables.ts";

/** The whole style sheet. It names no address, so a page never loads anything. */
export const STYLE: string = [BASE, CHARTS, TABLES, ROWS, PRINT].join("");
