// Rows that open: the whole row is a target for the mouse, its button for the keyboard. Without scripts the button
// sends a form that asks for the page with that row open.

function toggle(button) {
  const more = document.getElementById(button.getAttribute("aria-controls"));
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  more.hidden = !open;
}

function isForSomethingElse(event) {
  return event.target.closest("a, button, input, select, label") || String(window.getSelection());
}

export function startRows(root) {
  for (const table of root.querySelectorAll("[data-rows]")) {
    table.addEventListener("click", (event) => {
      const button = event.target.closest(".toggle");
      if (button) {
        event.preventDefault();
        toggle(button);
        return;
      }
      const row = event.target.closest("tr.order");
      if (row && !isForSomethingElse(event)) toggle(row.querySelector(".toggle"));
    });
    const opened = table.querySelector("[data-opened]");
    if (opened) opened.scrollIntoView({ block: "center" });
  }
}
