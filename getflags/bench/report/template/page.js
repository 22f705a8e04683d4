"use strict";
// Without this script the page lacks nothing but buttons: columns that sort, commands that copy.

const said = document.getElementById("status");

function sorter(table, head, column) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
    rows.sort(([one], [other]) => compared(one, other, up ? 1 : -1));
    body.append(...rows.map(([, row]) => row));
  });
}

// A number where the cell has one, null where nobody knows, else its text.
function key(cell) {
  if ("value" in cell.dataset) return Number(cell.dataset.value);
  return cell.tagName === "TH" ? cell.textContent : null;
}

// What nobody knows comes last, whichever way.
function compared(one, other, direction) {
  if (one === null || other === null) return (one === null) - (other === null);
  if (typeof one === "string") return direction * one.localeCompare(other);
  return direction * (one - other);
}

function copier(item) {
  const code = item.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${code.textContent}`);
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(code.textContent);
      said.textContent = "Copied.";
      button.textContent = "Copied";
    } catch {
      // No leave, or no such thing on a page from http: then it is marked, for the reader's keys.
      getSelection().selectAllChildren(code);
      said.textContent = button.textContent = "Marked";
    }
  });
  item.append(button);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => sorter(table, head, column));
}
document.querySelectorAll(".commands li").forEach(copier);
