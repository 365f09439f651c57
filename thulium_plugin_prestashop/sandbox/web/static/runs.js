// Synchronisations as they go: server-sent events, or polling where those are cut. The server words everything.

const POLL_EVERY = 2000;

function draw(board, run) {
  const box = board.querySelector(`[data-run="${CSS.escape(run.key)}"]`);
  if (!box) return;
  const part = (name) => box.querySelector(`[data-part=${name}]`);
  const before = box.dataset.state;
  box.dataset.state = run.state;
  box.hidden = run.state === "idle";
  part("state").className = `state ${run.look}`;
  for (const [name, text] of [["state", run.state_text], ["phase", run.phase], ["count", run.count], ["rate", run.rate], ["left", run.left]]) {
    if (part(name).textContent !== text) part(name).textContent = text;
  }
  const bar = part("bar");
  if (run.fraction === null) bar.removeAttribute("value");
  else bar.value = run.fraction;
  const cancel = part("cancel");
  if (cancel) cancel.hidden = run.state !== "running";
  // Spoken only when the phase or the state changes, not with every count.
  const spoken = `${run.title}: ${run.state_text} ${run.state === "running" ? run.phase_title : run.phase}`;
  if (before !== run.state || run.state === "running") {
    if (part("spoken").textContent !== spoken) part("spoken").textContent = spoken;
  }
  return before === "running" && run.state === "done";
}

export function startRuns(root) {
  const board = root.querySelector("[data-runs]");
  if (!board) return;

  function update(runs) {
    const finished = runs.filter((run) => draw(board, run));
    board.hidden = ![...board.querySelectorAll("[data-run]")].some((box) => !box.hidden);
    for (const run of finished) {
      const result = board.querySelector(`[data-run="${CSS.escape(run.key)}"]`).dataset.result;
      if (result) showResult(result);
      else document.dispatchEvent(new CustomEvent("run-finished"));
    }
  }

  // A dry run ends in a piece of the page: drawing the whole page again would lose what is being typed.
  async function showResult(address) {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch" } });
    if (answer.ok && !answer.redirected) root.querySelector("[data-results]").innerHTML = await answer.text();
  }

  async function poll() {
    try {
      const answer = await fetch(board.dataset.poll, { headers: { "X-Requested-With": "fetch" } });
      if (answer.status === 401) return;
      if (answer.ok) update(await answer.json());
    } catch {
      // The server is away for a moment; the next turn tries again.
    }
    setTimeout(poll, POLL_EVERY);
  }

  const events = new EventSource(board.dataset.runs);
  events.onmessage = (event) => update(JSON.parse(event.data));
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) poll();
  };
  window.addEventListener("pagehide", () => events.close());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
  // A run that ended may have brought rows to a page that showed none: draw it again.
  document.addEventListener("run-finished", () => {
    if (root.querySelector("[data-redraw]")) window.location.reload();
  });

  for (const form of board.querySelectorAll("form[data-quiet]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
      delete form.dataset.sent;
    });
  }
}
