// Small manners of forms: ask before what can't be undone, send once, filter while choosing, lead to what is wrong.

function confirmFirst(event) {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
}

function sendOnce(event) {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if ("busy" in form.dataset) event.submitter?.setAttribute("aria-busy", "true");
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    const leaves = event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target);
    if (!leaves) continue;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  }
}

export function startForms(root) {
  root.addEventListener("submit", confirmFirst);
  root.addEventListener("submit", sendOnce);
  root.addEventListener("click", closeMenus);
  root.addEventListener("keydown", closeMenus);
  window.addEventListener("pageshow", () => {
    for (const form of root.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
  for (const form of root.querySelectorAll("[data-autosubmit]")) {
    for (const select of form.querySelectorAll("select")) {
      select.addEventListener("change", () => form.requestSubmit());
    }
  }
  root.querySelector("[data-focus]")?.focus();
}
