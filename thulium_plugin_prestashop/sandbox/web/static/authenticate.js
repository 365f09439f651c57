// Authenticate with its findings as they come: the form is posted by fetch and answered with a stream of lines, each
// a finding that the server has drawn, at last the errors for their fields or where to go on. What was typed stays
// in the form. Without scripts the same form loads a page.

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split("\n");
    rest = whole.pop();
    for (const line of whole) if (line) yield JSON.parse(line);
  }
}

function clearErrors(form) {
  for (const place of form.querySelectorAll("[data-error-of]")) place.replaceChildren();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function showErrors(form, errors) {
  let first = null;
  for (const place of form.querySelectorAll("[data-error-of]")) {
    const html = errors[place.dataset.errorOf];
    if (!html) continue;
    place.innerHTML = html;
    const input = form.elements.namedItem(place.dataset.errorOf);
    input?.setAttribute?.("aria-invalid", "true");
    first ??= input;
  }
  first?.focus?.();
}

export function startAuthentication(root) {
  const form = root.querySelector("form[data-authenticate]");
  if (!form) return;
  const button = form.querySelector("[data-authenticate-button]");
  const panel = root.querySelector("[data-findings-panel]");
  const list = root.querySelector("[data-findings]");
  const verdict = root.querySelector("[data-verdict]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    clearErrors(form);
    list.replaceChildren();
    verdict.replaceChildren();
    panel.hidden = false;
    panel.setAttribute("aria-busy", "true");
    let end = null;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "fetch", Accept: "application/x-ndjson" },
      });
      if (answer.ok && answer.body) {
        for await (const line of lines(answer.body)) {
          if (line.finding) list.insertAdjacentHTML("beforeend", line.finding);
          else end = line;
        }
      }
    } catch {
      // The connection to the CRM itself was cut; the page tells what is known.
    }
    panel.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    if (!end) {
      window.location.reload();
    } else if (end.next) {
      // The same page with its second part: a mere change of the fragment would not load it.
      window.history.replaceState(null, "", end.next);
      window.location.reload();
    } else {
      verdict.innerHTML = end.verdict;
      showErrors(form, end.errors);
    }
  });
}
