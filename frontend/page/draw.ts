/**
 * Drawing the page anew. Pages are drawn by the server alone; what is new is morphed into what is there, so that focus,
 * typed text, open menus and the islands' own state stay.
 */
import { Idiomorph } from "idiomorph";
import { hydrate, isIsland } from "./islands.ts";
import { leave } from "./toast.ts";

let drawing: Promise<void> | undefined;
let again = false;

/** The page as it is now; asked for while it is being drawn, once more behind that. */
export function refresh(): Promise<void> {
  again = true;
  drawing ??= drawAll().finally(() => (drawing = undefined));
  return drawing;
}

async function drawAll(): Promise<void> {
  while (again) {
    again = false;
    await draw(location.href).catch((error: unknown) => console.error(error));
  }
}

/** A page may say that it changes by itself (`data-every`, in milliseconds): nobody tells of a new line in a log. */
export function redrawEvery(): void {
  const every = Number(document.querySelector<HTMLElement>("main[data-every]")?.dataset["every"]);
  setTimeout(
    async () => {
      if (every && !document.hidden) await refresh();
      redrawEvery();
    },
    every || 1000,
  );
}

/** A document of this console as the server draws it for a page that is open already. */
export async function fetchPage(address: string): Promise<Document | undefined> {
  // The network's trouble is told by the live dot; what is shown stays.
  const answer = await fetch(address, { headers: { "berth-draw": "1" } }).catch(() => undefined);
  if (!answer) return undefined;
  // Whoever is signed out is led to the form and back.
  if (answer.redirected) location.assign(answer.url);
  if (answer.redirected || !answer.ok) return undefined;
  const text = await answer.text().catch(() => undefined);
  return text === undefined ? undefined : new DOMParser().parseFromString(text, "text/html");
}

async function draw(address: string): Promise<void> {
  const fresh = await fetchPage(address);
  if (!fresh) return;
  const { gone, goneWords } = document.querySelector("main")?.dataset ?? {};
  if (gone && fresh.querySelector("main[data-missing]")) {
    return leave(goneWords ?? "", gone);
  }
  const [now, next] = [document, fresh].map((of) => of.getElementById("page"));
  // People may have gone on to another address meanwhile.
  if (!now || !next || location.href !== address) return;
  document.title = fresh.title;
  const focused = document.activeElement?.id;
  const atEnd = [...document.querySelectorAll("[data-tail]")].filter(isAtEnd).map(({ id }) => id);
  morph(now, next);
  await hydrate();
  // what was focused may be of an island that is another one now
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  for (const id of atEnd) toEnd(document.getElementById(id));
  document.dispatchEvent(new Event("berth:drawn"));
}

/** Whoever reads the end of something that grows goes on reading its end. */
const isAtEnd = (pane: Element) => pane.scrollHeight - pane.scrollTop - pane.clientHeight < 40;
const toEnd = (pane: Element | null) => pane?.scrollTo({ top: pane.scrollHeight });
document.querySelectorAll("[data-tail]").forEach(toEnd);

/** A form that somebody has begun to fill in. */
function isBegun(form: HTMLFormElement): boolean {
  return [...form.elements].some((control) => {
    if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) return control.value !== control.defaultValue;
    return control instanceof HTMLSelectElement && [...control.options].some((option) => option.selected !== option.defaultSelected);
  });
}

export function morph(now: Element, next: Element): void {
  const replaced: [Element, Node][] = [];
  Idiomorph.morph(now, next, {
    ignoreActiveValue: true,
    callbacks: {
      beforeNodeMorphed: (old: Node, fresh: Node) => {
        if (isIsland(old) && isIsland(fresh)) {
          // an island with the same properties is left as it is; with others it is another island
          const same = old.dataset["component"] === fresh.dataset["component"] && old.dataset["props"] === fresh.dataset["props"];
          if (!same) replaced.push([old, fresh.cloneNode(true)]);
          return false;
        }
        if (old instanceof HTMLFormElement && (isBegun(old) || old.dataset["busy"])) return false;
        // these words are written here, not by the server; others are to be left as they are
        if (old instanceof HTMLElement && (old.dataset["written"] || "keep" in old.dataset)) return false;
        return !(old instanceof HTMLTimeElement && old.dateTime === (fresh as HTMLTimeElement).dateTime);
      },
      beforeAttributeUpdated: (name: string) => name !== "open",
    },
  });
  for (const [old, fresh] of replaced) (old as Element).replaceWith(fresh);
}
