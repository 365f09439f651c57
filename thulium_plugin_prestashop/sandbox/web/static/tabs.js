// On a phone the tabs reach beyond the screen: the current one is brought into sight.

export function startTabs(root) {
  for (const current of root.querySelectorAll(".tabs [aria-current]")) {
    const tabs = current.closest(".tabs");
    const beyond = current.getBoundingClientRect().right - tabs.getBoundingClientRect().right;
    if (beyond > 0) tabs.scrollLeft += beyond;
  }
}
