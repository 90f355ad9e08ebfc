// In the page's head, before anything else: keeps presses on islands and forms that don't answer yet, so that none is lost.
window.early = [];
addEventListener(
  "submit",
  (event) => {
    if (!window.early || !event.target.dataset.call) return;
    event.preventDefault();
    window.early.push([event.target, event.submitter]);
  },
  true,
);
addEventListener(
  "click",
  (event) => {
    const island = event.target.closest?.("leptos-island");
    if (!island || island.hydrated) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    (island.early ??= []).push(event.target);
  },
  true,
);
