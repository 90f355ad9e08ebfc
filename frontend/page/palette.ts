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
    if (palette?.open && palette.contains(target as Node)) finding = find(palette);
  });
}

async function show(palette: HTMLDialogElement): Promise<void> {
  if (!palette.open) open(palette);
  await (finding = find(palette));
}

const query = (of: Element) => of.querySelector<HTMLInputElement>("input[type=search]")!;

/** The last question; what is found for an earlier one is shown by nobody. */
let finding: Promise<void> = Promise.resolve();

async function find(palette: HTMLDialogElement): Promise<void> {
  const asked = query(palette).value;
  const address = new URL(query(palette).form!.action);
  address.searchParams.set("q", asked);
  const found = (await fetchPage(address.href))?.querySelector("main [data-found]");
  const room = palette.querySelector<HTMLElement>("[data-found]")!;
  if (query(palette).value !== asked) return;
  if (found) morph(room, found);
  else room.replaceChildren();
}

/** Goes to, or asks for, what stands first, once what was typed last is answered. */
async function takeFirst(palette: HTMLDialogElement): Promise<void> {
  const wanted = query(palette).value;
  await finding;
  if (palette.open && query(palette).value === wanted) items(palette)[0]?.click();
}

/** Arrows walk through what was found; a letter goes back to the field. */
function walk(palette: HTMLDialogElement, event: KeyboardEvent): void {
  const field = query(palette);
  if (event.isComposing) return;
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
    if (next < 0) field.focus();
    else all[Math.min(next, all.length - 1)]?.focus();
  } else if (event.key === "Enter" && document.activeElement === field) {
    event.preventDefault();
    void takeFirst(palette);
  } else if (at >= 0 && event.key.length === 1 && !event.metaKey && !event.ctrlKey && event.key !== " ") {
    field.focus();
  }
}
