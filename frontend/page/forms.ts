/**
 * Forms. One with `data-instant` asks for an address and is answered while people type in it. One with `data-call` is a
 * server function: its fields become JSON, a refusal is written at its fields, and the page is drawn anew.
 */
import { refresh } from "./draw.ts";
import { leave, say } from "./toast.ts";

type CallForm = HTMLFormElement & { dataset: DOMStringMap };

/** What the API says of every refusal. */
interface Refused {
  error?: string;
  errors?: string;
  fields?: { field: string; message: string }[];
}

/** What a call answers that has something to say to whoever pressed. */
interface Said {
  good: boolean;
  words: string;
}

const isCall = (form: EventTarget | null): form is CallForm => form instanceof HTMLFormElement && "call" in form.dataset;

export function listenToForms(): void {
  document.addEventListener("input", ({ target }) => {
    const form = (target as Element).closest("form");
    if (form && "instant" in form.dataset) answerSoon(form);
    if (isCall(form)) mayBeSent(form);
  });
  document.addEventListener("reset", ({ target }) => {
    if (isCall(target)) setTimeout(() => mayBeSent(target));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if ("instant" in form.dataset) {
      event.preventDefault();
      clearTimeout(waiting);
      ask(form);
    } else if (isCall(form)) {
      event.preventDefault();
      void send(form, event.submitter);
    }
  });
  // what was sent before anybody listened; kept by `early.js`
  for (const [form, button] of window.early ?? []) form.requestSubmit(button);
  window.early = undefined;
}

declare global {
  interface Window {
    early: [HTMLFormElement, HTMLElement | null][] | undefined;
  }
}

/** Between the last letter and the answer to it. */
const PAUSE = 250;
let waiting: ReturnType<typeof setTimeout> | undefined;

function answerSoon(form: HTMLFormElement): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(form), PAUSE);
}

function ask(form: HTMLFormElement): void {
  if (!form.isConnected) return;
  const asked = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()] as [string, string]).filter(([, value]) => value !== "");
  const query = new URLSearchParams(asked).toString();
  history.replaceState(null, "", form.action.split("?")[0]! + (query && `?${query}`));
  void refresh();
}

async function send(form: CallForm, submitter: HTMLElement | null): Promise<void> {
  const button = submitter ?? form.querySelector<HTMLElement>("button[type=submit]");
  if (form.dataset["busy"] || button?.ariaDisabled === "true") return;
  const confirms = form.querySelector<HTMLInputElement>("[data-until]")?.name;
  const typed = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== confirms).map(([name, value]) => [name, String(value)]));
  const fixed = JSON.parse(form.dataset["with"] ?? "{}") as Record<string, object>;
  const fields = form.dataset["fields"];
  const body = fields ? { ...fixed, [fields]: { ...fixed[fields], ...typed } } : { ...fixed, ...typed };
  form.dataset["busy"] = "1";
  button?.setAttribute("aria-busy", "true");
  forget(form);
  const answer = await call(form, body);
  delete form.dataset["busy"];
  button?.setAttribute("aria-busy", "false");
  mayBeSent(form);
  if ("refused" in answer) refuse(form, answer.refused);
  else if ("said" in answer) done(form, answer.said);
  else location.assign(form.dataset["signIn"] ?? "/sign-in");
}

type Answer = { said: Said | null } | { refused: Refused } | { signedOut: true };

async function call(form: CallForm, body: object): Promise<Answer> {
  const lost = { refused: { error: "The console can't be reached: this may or may not have been done" } };
  const headers = { "content-type": "application/json", accept: "application/json", "berth-form": "1" };
  const answer = await fetch(form.dataset["call"]!, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => undefined);
  if (!answer) return lost;
  if (answer.status === 401) return { signedOut: true };
  const said = (await answer.json().catch(() => undefined)) as unknown;
  if (said === undefined) return lost;
  return answer.ok && !answer.headers.has("berth-refused") ? { said: said as Said | null } : { refused: said as Refused };
}

function done(form: CallForm, said: Said | null): void {
  const { then, said: words } = form.dataset;
  const room = form.querySelector<HTMLElement>("[data-answer]");
  if (room && said) {
    room.textContent = said.words;
    room.dataset["good"] = String(said.good);
    for (const written of answers(form)) {
      written.hidden = false;
      written.dataset["written"] = "1";
    }
  }
  form.reset();
  if (!("stays" in form.dataset)) form.closest("dialog")?.close();
  const menu = form.closest<HTMLDetailsElement>("details[data-menu]");
  if (menu) menu.open = false;
  if (then) {
    leave(words ?? "", then);
  } else {
    say(words ?? "");
    void refresh();
  }
}

/** Each message at its field; what has no field stands in one line above. Drawing the page anew leaves all of it. */
function refuse(form: CallForm, { error, errors, fields = [] }: Refused): void {
  const elsewhere: string[] = fields.length ? [] : [error ?? errors ?? "That wasn't done"];
  let first: HTMLElement | undefined;
  for (const { field, message } of fields) {
    const control = form.elements.namedItem(field);
    const note = control instanceof HTMLElement && document.getElementById(control.getAttribute("aria-describedby") ?? "");
    if (!(control instanceof HTMLElement) || !note) {
      elsewhere.push(message);
      continue;
    }
    control.setAttribute("aria-invalid", "true");
    [note.dataset["hint"], note.textContent, note.dataset["bad"]] = [note.textContent ?? "", message, "1"];
    control.dataset["written"] = note.dataset["written"] = "1";
    first ??= control;
  }
  first?.focus();
  const room = form.querySelector<HTMLElement>("[data-refusal]");
  if (!room || elsewhere.length === 0) return;
  room.querySelector("[data-words]")!.textContent = elsewhere.join(" ");
  room.dataset["written"] = "1";
  room.hidden = false;
}

/** The room for an answer, and what is shown only once there is one (`data-once`). */
const answers = (form: HTMLFormElement) => form.querySelectorAll<HTMLElement>("[data-answer], [data-once]");

/** Takes away what the last answer or refusal has left. */
export function forget(form: HTMLFormElement): void {
  for (const written of answers(form)) {
    if ("once" in written.dataset) written.hidden = true;
    if ("answer" in written.dataset) written.textContent = "";
    delete written.dataset["written"];
    delete written.dataset["good"];
  }
  for (const control of form.querySelectorAll<HTMLElement>("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    delete control.dataset["written"];
  }
  for (const note of form.querySelectorAll<HTMLElement>("[data-bad]")) {
    note.textContent = note.dataset["hint"] ?? "";
    delete note.dataset["bad"];
    delete note.dataset["written"];
  }
  const room = form.querySelector<HTMLElement>("[data-refusal]");
  if (!room) return;
  room.hidden = true;
  delete room.dataset["written"];
}

/** A form that wants a name typed can't be sent before it stands there. */
function mayBeSent(form: CallForm): void {
  const field = form.querySelector<HTMLInputElement>("[data-until]");
  const button = form.querySelector<HTMLElement>("button[type=submit]");
  if (!field || !button) return;
  const typed = field.value.trim() === field.dataset["until"];
  button.setAttribute("aria-disabled", String(!typed));
}
