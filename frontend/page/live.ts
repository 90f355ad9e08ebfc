/**
 * One stream of events for all tabs says that something changed: a browser gives a host six connections, and a stream takes
 * one. The tab that holds the lock has the stream and tells the others what it hears. While it is down, everything is asked
 * for every few seconds. A hidden tab listens to nothing; when it is shown again, what it missed is fetched.
 *
 * Where what a page shows changed (`main[data-live]`, crate app, live.rs) it is drawn anew; islands that show something by
 * themselves hear of it by `berth:heard`, whose detail names the kinds that changed.
 */
import { refresh } from "./draw.ts";

const ASK_EVERY = 5000;
/** Events come in swarms; what they are about is fetched once for a swarm. */
const GATHER = 60;

interface Heard {
  kind: string;
  id: string;
}

type State = "live" | "asking" | "away";

/** What the tab with the stream tells the others; `hello` asks it how the stream is. */
type Told = { state: State } | { event: Heard | null } | "hello";

let address: string;
let others: BroadcastChannel;
let state: State | undefined;
let stream: EventSource | undefined;
/** Gives the lock back, or up. */
let release: (() => void) | undefined;
let asking: ReturnType<typeof setInterval> | undefined;
let gathered: Heard[] = [];

export function listenToEvents(): void {
  const dot = document.querySelector<HTMLElement>("[data-events]");
  if (!dot) return;
  address = dot.dataset["events"]!;
  others = new BroadcastChannel(address);
  others.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
  addEventListener("offline", () => become("away"));
  // a stream to this machine doesn't break, and so doesn't open again
  addEventListener("online", () => {
    if (stream) become(stream.readyState === EventSource.OPEN ? "live" : "asking");
    else tell("hello");
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  start();
}

function start(): void {
  if (document.hidden) return;
  ask();
  state = undefined;
  // browsers know locks only over https and on this machine; without them each tab has a stream of its own
  if (!("locks" in navigator)) return open();
  const away = new AbortController();
  const held = new Promise<void>((done) => {
    release = () => {
      away.abort();
      done();
    };
  });
  const hold = () => {
    open();
    return held;
  };
  void navigator.locks.request(address, { signal: away.signal }, hold).catch(() => undefined);
  tell("hello");
}

function stop(): void {
  stream?.close();
  stream = undefined;
  release?.();
  askNoMore();
}

/** The browser tries again by itself where a stream breaks, and not where one was refused. */
function open(): void {
  stream?.close();
  stream = new EventSource(address);
  const told = (state: State) => {
    become(state);
    tell({ state });
  };
  stream.onopen = () => told("live");
  stream.onerror = () => told(navigator.onLine ? "asking" : "away");
  stream.onmessage = ({ data }) => {
    const event = read(String(data));
    happened(event);
    tell({ event });
  };
}

const tell = (what: Told) => others.postMessage(what);

function hear(what: Told): void {
  if (document.hidden) return;
  if (what !== "hello") return "state" in what ? become(what.state) : happened(what.event);
  if (stream && state) tell({ state });
}

function become(now: State): void {
  show(now);
  if (now !== "live") ask();
  else if (state !== "live") {
    askNoMore();
    // what happened before the stream began was told by nobody
    everything();
  }
  state = now;
}

function happened(event: Heard | null): void {
  if (!event) everything();
  else if (gathered.push(event) === 1) setTimeout(draw, GATHER);
}

function read(text: string): Heard | null {
  try {
    return JSON.parse(text) as Heard;
  } catch {
    return null;
  }
}

/** Asks every few seconds, and for a new stream where the old one is closed for good. */
function ask(): void {
  asking ??= setInterval(() => {
    everything();
    if (stream?.readyState === EventSource.CLOSED) open();
  }, ASK_EVERY);
}

function askNoMore(): void {
  clearInterval(asking);
  asking = undefined;
}

const topics = () => document.querySelector<HTMLElement>("main[data-live]")?.dataset["live"];

/** Anything may have changed. */
function everything(): void {
  islands("*");
  if (topics()) void refresh();
}

/** What the stream has told of. */
function draw(): void {
  const events = gathered;
  gathered = [];
  islands([...new Set(events.map(({ kind }) => kind))].join(" "));
  const shown = topics()?.split(" ") ?? [];
  if (events.some(({ kind, id }) => shown.includes(kind) || shown.includes(`${kind}:${id}`))) void refresh();
}

const islands = (kinds: string) => document.dispatchEvent(new CustomEvent("berth:heard", { detail: kinds }));

/** The dot in the top bar; it knows its words for each state. */
function show(state: State): void {
  const dot = document.querySelector<HTMLElement>("[data-events]");
  const words = dot?.dataset[state];
  if (!dot || !words) return;
  dot.dataset["written"] = "1";
  dot.dataset["state"] = state;
  dot.title = words;
  dot.querySelector("[data-words]")!.textContent = words;
}
