// Keeps the page fresh: fetches it again and swaps what has changed, so that nothing flickers and
// neither scroll position nor focus is lost. Without scripts the page reloads itself.
"use strict";

const PAUSE = 2000;
const chip = document.getElementById("live");

function say(state, text) {
  chip.className = `live ${state}`;
  const label = chip.querySelector("span");
  if (label.textContent !== text) label.textContent = text;
}

function swap(fresh) {
  const now = document.getElementById("main");
  const next = fresh.getElementById("main");
  if (!next || now.innerHTML === next.innerHTML) return;
  const focused = document.activeElement?.closest?.("#main a")?.getAttribute("href");
  now.innerHTML = next.innerHTML;
  document.title = fresh.title;
  if (focused) now.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function refresh() {
  const frame = document.querySelector("iframe, details[open]");
  const selecting = !document.getSelection().isCollapsed;
  if (!document.hidden && !frame && !selecting) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      say("", "Live");
    } catch {
      say("lost", "Stopped. Start the demo again to go on.");
    }
  }
  setTimeout(refresh, PAUSE);
}

setTimeout(refresh, PAUSE);
