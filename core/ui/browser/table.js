// A small table whose rows can be chosen by mouse, touch or keyboard. Every text is set as text, never as HTML.

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".pg-table");
  const make = (tag, text, className) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };
  const focused = document.activeElement?.closest?.(".pg-table") === root ? document.activeElement.dataset.row : undefined;
  const table = make("table");
  const head = table.appendChild(make("thead")).appendChild(make("tr"));
  data.columns.forEach((column, i) => {
    const cell = head.appendChild(make("th", column, i === data.accent ? "pg-accent" : ""));
    cell.scope = "col";
  });
  const body = table.appendChild(make("tbody"));
  data.rows.forEach((row, number) => {
    const line = body.appendChild(make("tr", undefined, number === data.lit ? "pg-lit" : ""));
    row.forEach((text, i) => {
      const cell = line.appendChild(make(i ? "td" : "th", i ? text : undefined, i === data.accent ? "pg-accent" : ""));
      if (i) return;
      cell.scope = "row";
      if (!data.pickable) { cell.textContent = text; return; }
      const button = cell.appendChild(make("button", text));
      button.type = "button";
      button.dataset.row = String(number);
      button.setAttribute("aria-pressed", String(number === data.lit));
    });
    if (data.pickable) line.onclick = () => setStateValue("picked", number);
  });
  root.replaceChildren(table);
  if (data.notes) root.appendChild(make("p", data.notes, "pg-notes"));
  if (focused !== undefined) root.querySelector(`[data-row="${focused}"]`)?.focus();
}
