import { type Page } from "@playwright/test";
import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, hydrated, open, signInAs, test } from "../support/browser.ts";
import { ADMIN } from "../support/console.ts";
import { metadata } from "../support/metadata.ts";
import { psql } from "../support/psql.ts";
import { admin, shared, user } from "../support/shared.ts";
import { type Project, type Service, details } from "../support/types.ts";
import { call, form } from "./ask.ts";
import { log, logged, rows } from "./proof.ts";

test.describe.configure({ timeout: 180_000 });

/** Each does something in some place: in a text, an attribute, a title, a script, a comment, a template. Forty characters at most. */
const PAYLOADS = [
  "<script>pwned(1)</script>",
  "<img src=x onerror=pwned(2)>",
  `"><svg onload=pwned(3)>`,
  `' onfocus=pwned(4) autofocus x='`,
  `" onmouseover="pwned(5)" class="fixed x=`,
  "</title><script>pwned(6)</script>",
  "</textarea><img src=x onerror=pwned(7)>",
  "</script><script>pwned(8)</script>",
  "--><script>pwned(9)</script><!--",
  "javascript:pwned(10)",
  "{{constructor.constructor('pwned(11)')}}",
  "<iframe srcdoc=<script>pwned(12)//>",
  "\\u003cscript>pwned(13)</script>\\",
  "<!><!--<() />--></leptos-island><b id=p>",
  "<base href=//evil.example/><form action=",
  "&lt;script&gt;pwned(16)&lt;/script&gt;",
];
/** An address may have all of these in it; it is shown on every page. */
const EMAIL = `"><img/src=x/onerror=pwned(17)>${process.pid}@x`;
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

let made: Project[];
let service: Service;
let before: { workspace: string; resource: string };

test.beforeAll(async () => {
  const odd = await user(EMAIL, "admin");
  made = [];
  for (const name of PAYLOADS) made.push(await admin().newProject(name));
  service = await admin().healthy({ project_id: made[0]!.uuid, label: PAYLOADS[0], ram_size: 128, environment_variables: true });
  for (const label of PAYLOADS) await odd.good(odd.post("/users/me/tokens", { label, expires_in_days: 1 }));
  for (const reason of PAYLOADS) await admin().good(admin().post(`/services/${service.uuid}/reveal`, { reason }));
  // what a browser says of itself stands in the list of sessions; an account has ten attempts, and more from where it has been
  for (const [n, agent] of PAYLOADS.entries()) {
    const { headers } = await form("/sign-in", { email: EMAIL, password: ADMIN.password }, { from: `127.0.15.${1 + (n % 4)}`, headers: { "user-agent": agent } });
    expect(headers.location, agent).toBe("/");
  }
  // an application's words stand in its server's log
  const said = PAYLOADS.map((text) => `raise warning '%', ${quoted(text)};`).join(" ");
  await psql(details(service).connection_url, `do $x$ begin ${said} end $x$`);
  const [row] = await rows<typeof before>(`select w.name as workspace, r.label as resource from workspaces w, resources r where r.id = ${quoted(service.resource_id)}`);
  before = row!;
});

test.afterAll(async () => {
  await metadata(`update workspaces set name = ${quoted(before.workspace)} where slug = 'main'; update resources set label = ${quoted(before.resource)} where id = ${quoted(service.resource_id)}`);
  await admin().remove(service.uuid);
  for (const { uuid } of made) await admin().good(admin().delete(`/projects/${uuid}`));
  await metadata(`delete from users where email = ${quoted(EMAIL.toLowerCase())}`);
});

/** Whatever runs says so where every test listens; a dialog and a request that leaves say so, too. */
async function armed(page: Page): Promise<void> {
  await page.addInitScript(() => Object.assign(window, { pwned: (n: number) => console.error(`pwned by ${n}`) }));
  page.on("dialog", (dialog) => void dialog.dismiss().then(() => Promise.reject(new Error(`it ran: ${dialog.message()}`))));
  const here = new URL(shared().url).origin;
  await page.route((url) => url.origin !== here && url.protocol !== "data:", (route) => Promise.reject(new Error(`it left for ${route.request().url()}`)));
}

/** Nothing of a payload became an element or a handler. */
async function onlyText(page: Page, what: string): Promise<void> {
  const grown = await page.evaluate(() => {
    const odd = 'img[src="x"], svg[onload], iframe, base, [srcdoc], #p, [href^="javascript:" i], [action*="evil"], script:not([src]):not([type]):not([nonce])';
    const handlers = [...document.querySelectorAll("*")].filter((element) => element.getAttributeNames().some((name) => name.startsWith("on")));
    return [...document.querySelectorAll(odd), ...handlers].map((element) => element.outerHTML.slice(0, 200));
  });
  expect(grown, what).toEqual([]);
}

const pages = (): [string, "every" | "one" | "none"][] => [
  [OVERVIEW, "one"],
  [SERVICES, "one"],
  [NEW, "every"],
  [`${SERVICES}/${service.name}`, "one"],
  [`${SERVICES}/${service.name}/logs`, "every"],
  [`${SERVICES}/${service.name}/metrics`, "one"],
  [`${SERVICES}/${service.name}/activity`, "every"],
  [`${SERVICES}/${service.name}/settings`, "one"],
  [PROJECTS, "every"],
  [`${PROJECTS}/${service.project_id}`, "one"],
  [RESOURCES, "one"],
  [`${RESOURCES}/${service.resource_id}`, "one"],
  [ACTIVITY, "every"],
  [ACCOUNT, "every"],
];

test("H19 every stored text is shown as the text that it is, on every page", async ({ page, context }) => {
  test.setTimeout(480_000); // some 160 pages
  await armed(page);
  await signInAs(context, EMAIL);
  for (const [n, text] of PAYLOADS.entries()) {
    // what no verb takes is put where it would stand if one did: another version, a runtime's words, an administrator
    await admin().good(admin().put(`/services/${service.uuid}`, { label: text }));
    await metadata(`
      update workspaces set name = ${quoted(`Workspace ${text}`)} where slug = 'main';
      update resources set label = ${quoted(text)} where id = ${quoted(service.resource_id)};
      update operations set error = ${quoted(text)} where service_id = ${quoted(service.uuid)};
      update operation_steps set title = ${quoted(text)}, done_title = ${quoted(text)}, detail = ${quoted(text)} where operation_id in (select id from operations where service_id = ${quoted(service.uuid)});
      update services set state_reason = ${quoted(text)} where id = ${quoted(service.uuid)}`);
    // every page with the first ones; then those on which something is another each time
    for (const [path, shows] of pages().filter(([, shows]) => n < 3 || shows === "one")) {
      await open(page, path);
      await onlyText(page, `${text} on ${path}`);
      // the workspace's name stands on every page: it is not what is looked for
      const shown = (await page.locator("body").innerText()).replaceAll(`Workspace ${text}`, "");
      expect(await page.getByText(`Workspace ${text}`).count(), path).toBeGreaterThan(0);
      const there = (wanted: string) => shown.includes(wanted) || page.locator("[title], [value], option").evaluateAll((all, wanted) => all.some((one) => [one.getAttribute("title"), one.getAttribute("value"), one.textContent].some((text) => text?.replaceAll(`Workspace ${wanted}`, "").includes(wanted))), wanted);
      expect(await there(text), `${text} on ${path}`).toBe(true);
      if (shows === "every" && path !== NEW) expect((await Promise.all(PAYLOADS.map(there))).filter(Boolean).length, path).toBeGreaterThan(PAYLOADS.length - 4);
    }
  }
});

test("H19 a text that changes while the page is open, and the words about it, are only text", async ({ page, context }) => {
  await armed(page);
  await signInAs(context, EMAIL);
  await open(page, `${SERVICES}/${service.name}`);
  const heading = page.getByRole("heading", { level: 1 });
  for (const label of PAYLOADS) {
    await admin().good(admin().put(`/services/${service.uuid}`, { label }));
    await expect(heading).toHaveText(label);
    await onlyText(page, label);
    expect(await page.title()).toContain(label);
  }

  // one's own tokens and browsers, and a toast
  await open(page, ACCOUNT);
  const source = await page.locator("main").evaluate((main) => `${main.textContent} ${[...main.querySelectorAll("[title]")].map((one) => one.getAttribute("title")).join(" ")}`);
  for (const text of PAYLOADS) expect(source.split(text).length, text).toBeGreaterThan(2);
  const hostile = PAYLOADS[1]!;
  await page.getByRole("row").filter({ hasText: hostile }).first().getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("status").filter({ hasText: `${hostile} was revoked.` })).toBeVisible();
  await onlyText(page, "a toast");

  // words that are left for the next page
  const left = made.at(-1)!;
  await open(page, `${PROJECTS}/${left.uuid}`);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const sheet = page.getByRole("dialog", { name: /^Delete/ });
  await sheet.getByRole("textbox").fill(left.name);
  await sheet.getByRole("button", { name: "Delete it for good" }).click();
  await expect(page).toHaveURL(PROJECTS);
  await expect(page.getByRole("status").filter({ hasText: `${left.name} is gone.` })).toBeVisible();
  made.pop();
  await onlyText(page, "a toast of the page before");
});

test("H19 what stands in an address or is typed is only text, too, and so is every refusal", async ({ page, allowed }) => {
  allowed.push(/Failed to load resource/);
  await armed(page);
  for (const text of PAYLOADS.filter((_, n) => n % 2 === 1)) {
    const encoded = encodeURIComponent(text);
    for (const path of [`${SERVICES}?q=${encoded}`, `${SERVICES}?state=${encoded}&cursor=${encoded}`, `/w/main/find?q=${encoded}`, `${SERVICES}/${service.name}/logs?q=${encoded}`, `${ACTIVITY}?cursor=${encoded}`, `${SERVICES}/${encoded}`, `/w/main/${encoded}`]) {
      await page.goto(path);
      await hydrated(page);
      await onlyText(page, path);
    }
  }
  await open(page, PROJECTS);
  await page.getByRole("button", { name: "New project" }).click();
  const sheet = page.getByRole("dialog", { name: "New project" });
  for (const text of [PAYLOADS[1]!, `${PAYLOADS[1]}${"x".repeat(40)}`]) {
    await sheet.getByRole("textbox", { name: "Name" }).fill(text);
    await sheet.getByRole("textbox", { name: "Name" }).press("Enter");
    await expect(sheet.getByRole("textbox", { name: "Name" })).toHaveAttribute("aria-invalid", "true");
    await onlyText(page, "a refusal");
  }
  // answers of the API aren't pages, whoever looks at them
  const shown = await page.goto(`/api/v1/${encodeURIComponent(PAYLOADS[1]!)}`);
  expect(shown?.headers()["content-type"]).toBe("application/json");
  await onlyText(page, "an answer of the API");
});

test("H19 no text ends a line of the log, or colours it", async () => {
  const since = logged();
  for (const text of ["a\nFAKE ERROR line", "a\r\nFAKE ERROR line", "\u001b[31mFAKE", "\u202eFAKE", "a\u2028FAKE"]) {
    const encoded = encodeURIComponent(text);
    await admin().get(`/services/${encoded}`);
    await admin().get(`/services?q=${encoded}`);
    await admin().post("/projects", { name: text });
    await call("get_service", { workspace: "main", id: text });
    await form("/sign-in", { email: text, password: text, next: text }, { from: "127.0.16.1" });
    await fetch(`${shared().url}/${encoded}`);
    await psql(details(service).connection_url, `do $x$ begin raise warning '%', ${quoted(text)}; end $x$`);
  }
  const written = log(since);
  expect(written).not.toMatch(/^FAKE|\u001b\[31mFAKE|\u202eFAKE|\u2028FAKE/m);
  for (const line of written.split("\n").filter(Boolean)) expect(line.replace(/\u001b\[[0-9;]*m/g, "")).toMatch(/^\d{4}-\d\d-\d\dT\S+ +(TRACE|DEBUG|INFO|WARN|ERROR) /);
});
