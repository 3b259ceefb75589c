/**
 * The script of the page. It turns the headings of tables into buttons that sort, and adds buttons that sort the list
 * of rows. Without the script, only the sorting is missing. Cells without a value are last in both directions.
 */
export const SCRIPT: string = `"use strict";
{
  const number = (text) => (text === null || text.trim() === "" ? Number.NaN : Number(text));
  const compare = (one, other) => {
    if (one === null || other === null) return one === other ? 0 : one === null ? Infinity : -Infinity;
    const [left, right] = [number(one), number(other)];
    return Number.isNaN(left) || Number.isNaN(right) ? one.localeCompare(other, "en", { numeric: true }) : left - right;
  };
  const sort = (parent, value, descending) => {
    const items = [...parent.children].map((item) => ({ item, value: value(item) }));
    items.sort((one, other) => {
      const order = compare(one.value, other.value);
      return descending && Number.isFinite(order) ? -order : order;
    });
    parent.append(...items.map(({ item }) => item));
  };
  const button = (text, click) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", click);
    return made;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      if (head.classList.contains("still")) return;
      const click = () => {
        const before = head.getAttribute("aria-sort");
        const descending = before === null ? head.classList.contains("n") : before === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(body, (row) => row.cells[index].getAttribute("data-v") ?? (head.classList.contains("n") ? null : row.cells[index].textContent), descending);
      };
      head.replaceChildren(button(head.textContent, click));
    });
  }
  for (const list of document.querySelectorAll("[data-keys]")) {
    if (list.children.length < 2) continue;
    const line = document.createElement("p");
    line.className = "sort-by";
    line.append("Sort by");
    for (const [index, entry] of list.getAttribute("data-keys").split(",").entries()) {
      const [key, text, way] = entry.split(":");
      const made = button(text, () => {
        for (const other of line.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === made));
        sort(list, (item) => item.getAttribute("data-" + key), way === "down");
      });
      made.setAttribute("aria-pressed", String(index === 0));
      line.append(made);
    }
    list.before(line);
  }
}
`;
