// One stream for all of a page: each tick fetches the page again and puts its <main> in place of the old one, unless somebody is
// in the middle of filling in a form. Without this script the pages work, and stand still.
"use strict";
const again = 5_000, noteStays = 30_000; // Milliseconds.
const note = document.querySelector("main > [role=status]"); // What came of a button: a page that is fetched again has none.
const began = performance.now();
let stream, isBusy = false;
const cut = is => document.body.classList.toggle("cut", is);
const isFillingIn = () => document.activeElement?.closest("main form");

async function look() {
  if (isBusy || document.hidden || isFillingIn()) return cut(false);
  isBusy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.status === 401) return location.replace(location.pathname + location.search); // Signed out.
    if (answer.status >= 500) return cut(true);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (!next) return cut(true); // A proxy's answer, or that there are too many requests.
    if (isFillingIn()) return cut(false); // Since it was asked for.
    const focused = document.activeElement?.id;
    const frames = [...document.querySelectorAll(".scroll")].map(frame => [frame.id, frame.scrollLeft]);
    if (note && performance.now() - began < noteStays) next.querySelector("dl")?.after(note);
    document.querySelector("main").replaceWith(next);
    for (const [id, left] of frames) document.getElementById(id)?.scrollTo({ left });
    if (focused) document.getElementById(focused)?.focus();
    cut(false);
  } catch {
    cut(true);
  } finally {
    isBusy = false;
  }
}

// A browser opens a stream again that broke, and gives up one that was refused.
function watch() {
  stream = new EventSource("/dashboard/stream");
  stream.addEventListener("tick", look);
  stream.onerror = () => {
    cut(true);
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => { watch(); look(); }, again);
  };
}

watch();
