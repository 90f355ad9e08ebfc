/**
 * The page around the WASM: starts it, hydrates the islands, and draws the page anew when the WASM says that what it
 * shows has changed. Pages are drawn by the server alone; what is new is morphed into what is there, so that focus,
 * typed text, open menus and the islands' own state stay.
 */
import { Idiomorph } from "idiomorph";

/** `hydrate` starts the reactive system, every other export hydrates the island of its name. */
type Wasm = Record<string, (island?: Element) => unknown>;

interface Island extends HTMLElement {
  hydration?: Promise<unknown>;
  hydrated?: boolean;
  /** What was pressed before it answered; kept by `early.js`. */
  early?: Element[];
}

const ISLAND = "LEPTOS-ISLAND";
const isIsland = (node: Node): node is Island => node.nodeName === ISLAND;

// Beside this file, whatever the folder of the bundle is called.
const berth = (await import(new URL("./berth.js", import.meta.url).href)) as Wasm & { default: (at: object) => Promise<unknown> };
await berth.default({ module_or_path: new URL("./berth_bg.wasm", import.meta.url) });
berth["hydrate"]!();
await hydrate();
document.body.dataset["hydrated"] = "1";
document.addEventListener("berth:changed", refresh);
document.addEventListener("input", answerSoon);
document.addEventListener("submit", answerNow);
document.addEventListener("keydown", closeByEscape);
document.addEventListener("focusout", closeWhenLeft);
// A page that the browser has kept may show what is long gone.
addEventListener("pageshow", (event) => event.persisted && location.reload());

/** Every island that isn't yet. Presses that came before are given to it then. */
async function hydrate(): Promise<void> {
  const all = [...document.querySelectorAll<Island>(ISLAND)].filter((island) => !island.hydration);
  await Promise.all(
    all.map(async (island) => {
      island.hydration = Promise.resolve(berth[island.dataset["component"]!]!(island));
      await island.hydration;
      island.hydrated = true;
      for (const pressed of island.early ?? []) pressed.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }),
  );
}

let drawing = false;
let again = false;

/** The page as it is now; asked for while it is being drawn, once more behind that. */
async function refresh(): Promise<void> {
  again = true;
  if (drawing) return;
  drawing = true;
  try {
    while (again) {
      again = false;
      await draw(location.href);
    }
  } finally {
    drawing = false;
  }
}

async function draw(address: string): Promise<void> {
  // The network's trouble is told by the live dot; what is shown stays.
  const answer = await fetch(address, { headers: { "berth-draw": "1" } }).catch(() => undefined);
  if (!answer) return;
  // Whoever is signed out is led to the form and back.
  if (answer.redirected) return location.assign(answer.url);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { gone, goneWords } = document.querySelector("main")?.dataset ?? {};
  if (gone && !fresh.querySelector("main[data-live]")) {
    sessionStorage.setItem("toast", goneWords ?? "");
    return location.replace(gone);
  }
  const [now, next] = [document, fresh].map((of) => of.getElementById("page"));
  // People may have gone on to another address meanwhile.
  if (!now || !next || location.href !== address) return;
  document.title = fresh.title;
  const focused = document.activeElement?.id;
  morph(now, next);
  await hydrate();
  // what was focused may be of an island that is another one now
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
  document.dispatchEvent(new Event("berth:drawn"));
}

function morph(now: Element, next: Element): void {
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
        // its words are written here, not by the server
        return !(old instanceof HTMLTimeElement && old.dateTime === (fresh as HTMLTimeElement).dateTime);
      },
      beforeAttributeUpdated: (name: string) => name !== "open",
    },
  });
  for (const [old, fresh] of replaced) (old as Element).replaceWith(fresh);
}

/** Between the last letter and the answer to it. */
const PAUSE = 250;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** A form that only asks for an address is answered while people type in it. */
function answerSoon(event: Event): void {
  const form = (event.target as Element).closest<HTMLFormElement>("form[data-instant]");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(form), PAUSE);
}

function answerNow(event: Event): void {
  const form = event.target as HTMLFormElement;
  if (!("instant" in form.dataset)) return;
  event.preventDefault();
  clearTimeout(waiting);
  ask(form);
}

function ask(form: HTMLFormElement): void {
  if (!form.isConnected) return;
  const asked = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as [string, string]).filter(([, value]) => value !== "");
  const query = new URLSearchParams(asked).toString();
  history.replaceState(null, "", form.action.split("?")[0]! + (query && `?${query}`));
  void refresh();
}

const menus = () => document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");

function closeByEscape(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
}

function closeWhenLeft(event: FocusEvent): void {
  const to = event.relatedTarget;
  for (const menu of menus()) if (to instanceof Node && !menu.contains(to)) menu.open = false;
}
