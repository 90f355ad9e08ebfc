/** Islands: what of a page is WASM. A page without one loads none. */

/** `hydrate` starts the reactive system, every other export hydrates the island of its name. */
type Wasm = Record<string, (island?: Element) => unknown>;

interface Island extends HTMLElement {
  hydration?: Promise<unknown>;
  hydrated?: boolean;
  /** What was pressed before it answered; kept by `early.js`. */
  early?: Element[];
}

const ISLAND = "LEPTOS-ISLAND";
export const isIsland = (node: Node): node is Island => node.nodeName === ISLAND;

let loading: Promise<Wasm> | undefined;

/** Started once, however many islands there are. */
const wasm = () => (loading ??= load());

async function load(): Promise<Wasm> {
  // Beside this file, whatever the folder of the bundle is called. It is compiled while the script that starts it is read.
  const compiled = WebAssembly.compileStreaming(fetch(new URL("./berth_bg.wasm", import.meta.url)));
  const berth = (await import(new URL("./berth.js", import.meta.url).href)) as Wasm & { default: (at: object) => Promise<unknown> };
  await berth.default({ module_or_path: compiled });
  berth["hydrate"]!();
  return berth;
}

/** Every island that isn't yet. Presses that came before are given to it then. */
export async function hydrate(): Promise<void> {
  const all = [...document.querySelectorAll<Island>(ISLAND)].filter((island) => !island.hydration);
  await Promise.all(
    all.map(async (island) => {
      island.hydration = wasm().then((berth) => berth[island.dataset["component"]!]!(island));
      await island.hydration;
      island.hydrated = true;
      for (const pressed of island.early ?? []) pressed.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }),
  );
}
