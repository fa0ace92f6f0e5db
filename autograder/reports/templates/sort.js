// Turns the heads of tables into buttons that sort. Without it the page is complete, in the order it was written in.
{
  const status = document.getElementById("sorted");
  const valueOf = (group, column) => {
    const cell = group.querySelector("tr").cells[column];
    return "value" in cell.dataset ? (cell.dataset.value === "" ? null : Number(cell.dataset.value))
      : cell.textContent.trim();
  };
  const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.hasAttribute("data-unsorted")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const groups = [...table.tBodies].map(group => [valueOf(group, column), group]);
        const known = groups.filter(([value]) => value !== null);
        const unknown = groups.filter(([value]) => value === null);
        known.sort(([a], [b]) => up ? compare(a, b) : compare(b, a));
        table.append(...[...known, ...unknown].map(([, group]) => group));
        status.textContent = `Sorted by ${button.textContent.trim()}, ${up ? "ascending" : "descending"}.`;
      });
    });
  }
}
