// One stream for all of a page: each tick fetches the page again and puts its <main> in place of the old one, unless somebody is
// in the middle of filling in a form. Without this script the pages work, and stand still.
"use strict";
const stream = new EventSource("/dashboard/stream");
let isBusy = false;
const cut = is => document.body.classList.toggle("cut", is);
const isFillingIn = () => document.activeElement?.closest("main form");

stream.addEventListener("tick", async () => {
  if (isBusy || document.hidden || isFillingIn()) return cut(false);
  isBusy = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.status === 401) return location.reload(); // Signed out: the form for it leads back here.
    if (answer.status >= 500) return cut(true);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    if (isFillingIn()) return cut(false); // Since it was asked for.
    const focused = document.activeElement?.id;
    const frames = [...document.querySelectorAll(".scroll")].map(frame => [frame.id, frame.scrollLeft]);
    document.querySelector("main").replaceWith(next);
    for (const [id, left] of frames) document.getElementById(id)?.scrollTo({ left });
    if (focused) document.getElementById(focused)?.focus();
    cut(false);
  } catch {
    cut(true);
  } finally {
    isBusy = false;
  }
});
stream.onerror = () => cut(true);
