/** ⌘K / Ctrl-K: a page of the server's (`/w/…/find`) in a dialog, drawn anew with every letter. */
import { fetchPage, morph } from "./draw.ts";
import { open } from "./menus.ts";

const dialog = () => document.querySelector<HTMLDialogElement>("dialog[data-palette]");
const items = (of: Element) => [...of.querySelectorAll<HTMLElement>("[data-found] a, [data-found] button:not([aria-disabled=true])")];

export function listenToPalette(): void {
  document.addEventListener("keydown", (event) => {
    const palette = dialog();
    if (!palette) return;
    if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      if (palette.open) palette.close();
      else void show(palette);
    } else if (palette.open) {
      walk(palette, event);
    }
  });
  document.addEventListener("click", (event) => {
    const palette = dialog();
    if (palette && (event.target as Element).closest("[data-opens-palette]")) {
      event.preventDefault();
      void show(palette);
    } else if (event.target === palette) {
      palette?.close();
    }
  });
  document.addEventListener("input", ({ target }) => {
    const palette = dialog();
    if (palette?.open && palette.contains(target as Node)) void find(palette);
  });
}

async function show(palette: HTMLDialogElement): Promise<void> {
  if (!palette.open) open(palette);
  await find(palette);
}

let asked = 0;

async function find(palette: HTMLDialogElement): Promise<void> {
  const mine = ++asked;
  const field = palette.querySelector<HTMLInputElement>("input[type=search]")!;
  const address = new URL(field.form!.action);
  address.searchParams.set("q", field.value);
  const found = (await fetchPage(address.href))?.querySelector("main [data-found]");
  const room = palette.querySelector("[data-found]");
  // a later letter is answered by a later question
  if (mine === asked && found && room) morph(room, found);
}

/** Arrows walk through what was found; a letter goes back to the field. */
function walk(palette: HTMLDialogElement, event: KeyboardEvent): void {
  const field = palette.querySelector<HTMLInputElement>("input[type=search]");
  if (event.key === "Escape") {
    // a search field would only be emptied by it
    event.preventDefault();
    return palette.close();
  }
  const all = items(palette);
  const at = all.indexOf(document.activeElement as HTMLElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) field?.focus();
    else all[Math.min(next, all.length - 1)]?.focus();
  } else if (event.key === "Enter" && document.activeElement === field) {
    event.preventDefault();
    all[0]?.click();
  } else if (at >= 0 && event.key.length === 1 && !event.metaKey && !event.ctrlKey && event.key !== " ") {
    field?.focus();
  }
}
