const box = document.getElementById("filter");
const only = document.getElementById("only");
const told = document.getElementById("told");
const rows = [...document.querySelectorAll("tr[data-case]")];
const blocks = [...document.querySelectorAll("article[data-case]")];
const families = [...document.querySelectorAll("tbody[data-family]")];

function apply() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const meant = (element) => words.every((word) => element.dataset.case.toLowerCase().includes(word));
  for (const row of rows) row.hidden = !meant(row) || (only.checked && row.dataset.green === "yes");
  for (const block of blocks) block.hidden = !meant(block);
  for (const family of families) family.hidden = !family.querySelector("tr[data-case]:not([hidden])");
  const shown = rows.filter((row) => !row.hidden).length;
  told.textContent = `${shown} of ${rows.length} cases shown`;
}

box.addEventListener("input", apply);
only.addEventListener("change", apply);
document.getElementById("controls").hidden = false;
apply();
