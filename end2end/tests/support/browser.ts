import { AxeBuilder } from "@axe-core/playwright";
import { type BrowserContext, type Page, test as base, expect } from "@playwright/test";
import { ADMIN } from "./console.ts";
import { keep } from "./received.ts";
import { shared } from "./shared.ts";

interface Options {
  /** False for a browser that nobody has signed in with. */
  signedIn: boolean;
  /** What the console of the browser may say in this test: a page that isn't there is an error to it. */
  allowed: RegExp[];
}

/** Every page of every test is watched: an uncaught error, a complaint in the console or a broken content policy fails it. */
export const test = base.extend<Options>({
  signedIn: [true, { option: true }],
  allowed: [[], { option: true }],
  baseURL: async ({}, use) => use(shared().url),
  storageState: async ({ signedIn }, use) => use({ cookies: signedIn ? [session()] : [], origins: [] }),
  context: async ({ context, allowed }, use) => {
    const said = await watch(context);
    const kept = keep(context);
    await use(context);
    await kept();
    expect(said.filter((text) => !allowed.some((pattern) => pattern.test(text)))).toEqual([]);
  },
});

export { expect };

/** What goes wrong in a context's pages, from now on. */
export async function watch(context: BrowserContext): Promise<string[]> {
  const said: string[] = [];
  context.on("weberror", (error) => said.push(`uncaught: ${error.error().message}`));
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(`${message.type()}: ${message.text()} (${message.page()?.url()})`);
  });
  await context.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`content policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
    ),
  );
  return said;
}

/** The session of the shared admin, as a context keeps it. */
export function session() {
  const { hostname } = new URL(shared().url);
  return { ...shared().cookie, domain: hostname, path: "/", expires: -1, httpOnly: true, secure: false, sameSite: "Lax" as const };
}

/** Opens a page and waits until its handlers answer. */
export async function open(page: Page, path: string) {
  const answer = await page.goto(path);
  await hydrated(page);
  return answer;
}

/** What never came is said with what the page had by then. */
export async function hydrated(page: Page, within = 45_000): Promise<void> {
  const waited = page.locator('body[data-hydrated="1"]').waitFor({ state: "attached", timeout: within });
  await waited.catch(async (error: Error) => {
    throw new Error(`${page.url()} is never hydrated: ${JSON.stringify(await page.evaluate(loaded))}`, { cause: error });
  });
}

function loaded(): object {
  const islands = [...document.querySelectorAll<HTMLElement & { hydrated?: boolean }>("leptos-island")];
  const files = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return {
    document: document.readyState,
    islands: islands.map((island) => [island.dataset["component"], island.hydrated ?? false]),
    files: files.map(({ name, startTime, responseEnd }) => [new URL(name).pathname, Math.round(startTime), Math.round(responseEnd)]),
  };
}

/** Nothing that axe calls serious or critical, in either theme. Its legacy mode spares a second page for each look, and leaves out
 * only frames of other sites. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // colours change by transitions of a millisecond, which begin with one frame and are over by the next
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(grave.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html) })), `${page.url()}, ${colorScheme}`).toEqual([]);
    expect(passes.map(({ id }) => id)).toContain("color-contrast");
  }
}

/** Signs a context in as somebody, without the form. */
export async function signInAs(context: BrowserContext, email: string): Promise<void> {
  const { url } = shared();
  await context.clearCookies();
  const answer = await context.request.post(`${url}/sign-in`, { form: { email, password: ADMIN.password }, headers: { origin: url }, maxRedirects: 0 });
  expect(answer.status()).toBe(303);
}

/** The state that a service's page shows. */
export function state(page: Page, word: string) {
  return page.getByRole("main").getByText(word, { exact: true });
}

/** One of a few choices side by side: its radio button lies hidden in the label that people press. */
export async function choose(page: Page, group: string, choice: string): Promise<void> {
  await page.getByRole("group", { name: group, exact: true }).getByText(choice, { exact: true }).click();
}

export const OVERVIEW = "/w/main";
export const SERVICES = "/w/main/services";
export const NEW = "/w/main/services/new";
export const PROJECTS = "/w/main/projects";
export const RESOURCES = "/w/main/resources";
export const ACTIVITY = "/w/main/activity";
export const ACCOUNT = "/w/main/account";
