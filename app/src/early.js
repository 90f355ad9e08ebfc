// In the page's head, before anything else: keeps presses on islands that don't answer yet, so that none is lost.
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
