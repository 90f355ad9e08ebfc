/** Menus (`<details data-menu>`), and dialogs that a button opens (`data-opens`) or closes (`data-closes`). */

import { forget } from "./forms.ts";

const menus = () => document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");

export function listenToMenus(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("focusout", ({ relatedTarget: to }) => {
    for (const menu of menus()) if (to instanceof Node && !menu.contains(to)) menu.open = false;
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-opens], [data-closes]");
    if (!button || button.ariaDisabled === "true") return;
    const { opens, closes } = button.dataset;
    const dialog = document.getElementById(opens ?? closes ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (opens) open(dialog);
    else dialog.close();
  });
}

/** As a modal, with its first field focused and its forms as they were drawn. */
export function open(dialog: HTMLDialogElement): void {
  for (const form of dialog.querySelectorAll("form")) {
    form.reset();
    forget(form);
  }
  dialog.showModal();
  dialog.querySelector<HTMLElement>("input:not([type=hidden]), textarea, select")?.focus();
}
