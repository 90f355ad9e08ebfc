import { type Page } from "@playwright/test";
import { NEW, SERVICES, expect, open, state, test, watch } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { admin, shared } from "../support/shared.ts";

// its bounds are those of a machine that does nothing else meanwhile
test.describe.configure({ lock: "-exclusive-" });

/** Ends with the document: it shows that a page followed what happened without being loaded anew. */
const mark = (page: Page) => page.evaluate(() => Object.assign(window, { marked: true }));
const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

test("two browsers side by side: what one does the other shows within a second", async ({ page, browser }) => {
  test.setTimeout(120_000);
  const label = `Seen ${Date.now()}`;
  const context = await browser.newContext({ baseURL: shared().url, storageState: await page.context().storageState() });
  const said = await watch(context);
  const other = await context.newPage();
  await open(other, SERVICES);
  await expect(other.getByRole("status", { name: "Live" })).toBeVisible();
  await mark(other);

  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill(label);
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill(String(SMALL));
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByRole("heading", { name: label })).toBeVisible();
  const row = other.getByRole("row").filter({ hasText: label });
  await expect(row).toBeVisible({ timeout: 1_000 });
  await expect(state(page, "healthy")).toBeVisible({ timeout: 60_000 });
  await expect(row).toContainText("healthy", { timeout: 1_000 });

  await page.getByRole("button", { name: "Stop" }).click();
  await expect(state(page, "stopped")).toBeVisible();
  await expect(row).toContainText("stopped", { timeout: 1_000 });

  // a new label comes from nowhere that these two know of
  const name = new URL(page.url()).pathname.split("/").at(-1)!;
  await admin().good(admin().put(`/services/${name}`, { label: `${label} новый` }));
  await expect(row).toContainText("новый", { timeout: 1_000 });
  await expect(page.getByRole("heading", { name: `${label} новый` })).toBeVisible({ timeout: 1_000 });

  expect(await isMarked(other)).toBe(true);

  await row.getByRole("link").click();
  await expect(other.getByRole("heading", { name: `${label} новый` })).toBeVisible();
  await admin().good(admin().delete(`/services/${name}`));
  for (const each of [page, other]) {
    await each.waitForURL(`**${SERVICES}`);
    await expect(each.getByText(name)).toHaveCount(0);
  }
  expect(said).toEqual([]);
  await context.close();
});

test("the pool on an open form follows what others take", async ({ page }) => {
  await open(page, NEW);
  const memory = page.getByRole("main").getByText(/^[\d,.]+ → [\d,.]+ of [\d,.]+ MiB$/);
  const before = await memory.innerText();
  const { uuid } = await admin().create({ project_id: (await admin().project()).uuid, label: "Taker", ram_size: SMALL + 64 });
  await expect(memory).not.toHaveText(before, { timeout: 2_000 });
  await admin().remove(uuid);
  await expect(memory).toHaveText(before, { timeout: 2_000 });
});

test("a list is found again by its address: search, back and forward", async ({ page }) => {
  const service = await admin().create({ project_id: (await admin().project()).uuid, label: "Needle", ram_size: SMALL });
  await open(page, SERVICES);
  await page.getByRole("searchbox", { name: "Search" }).fill("needle");
  await expect(page).toHaveURL(/\?q=needle$/);
  await expect(page.getByRole("row").filter({ hasText: "Needle" })).toBeVisible();
  await page.getByRole("searchbox", { name: "Search" }).fill("haystack");
  await expect(page.getByText("No service matches.")).toBeVisible();
  await page.getByRole("link", { name: "Show all services" }).click();
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("");
  await open(page, `${SERVICES}?q=needle`);
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("needle");
  await expect(page.getByRole("row").filter({ hasText: "Needle" })).toBeVisible();
  await admin().remove(service.uuid);
});

test("what is typed, opened and focused stays while the page is drawn anew", async ({ page }) => {
  const { uuid, name } = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Drawn", ram_size: SMALL });
  await open(page, SERVICES);
  await page.getByRole("searchbox", { name: "Search" }).fill("draw");
  await expect(page).toHaveURL(/\?q=draw$/);
  await page.getByRole("searchbox", { name: "Search" }).pressSequentially("n", { delay: 0 });
  await admin().good(admin().put(`/services/${uuid}`, { label: "Drawn anew" }));
  await expect(page.getByRole("row").filter({ hasText: "Drawn anew" })).toBeVisible();
  await expect(page.getByRole("searchbox", { name: "Search" })).toBeFocused();
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("drawn");

  await open(page, `${SERVICES}/${name}`);
  await page.getByRole("button", { name: "Reveal" }).click();
  const { connection_url } = (await admin().service(uuid)).connection_details!.internal;
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const typed = page.getByRole("dialog").getByRole("textbox");
  await typed.fill("half a na");
  await admin().good(admin().patch(`/services/${uuid}/state`, { state: "process_stop" }));
  await expect(state(page, "stopped")).toBeVisible();
  await expect(typed).toBeFocused();
  await expect(typed).toHaveValue("half a na");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("group", { name: "the connection URL" })).toHaveText(connection_url);
  await page.getByRole("button", { name: "Start", exact: true }).press("Enter");
  await expect(state(page, "healthy")).toBeVisible();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeFocused();
  await admin().remove(uuid);
});

test.describe("without a stream", () => {
  test.use({ allowed: [/ERR_FAILED/] });

  test("everything is asked for, until it comes back", async ({ page }) => {
    test.setTimeout(90_000);
    const { uuid } = await admin().create({ project_id: (await admin().project()).uuid, label: "Cut off", ram_size: SMALL });
    let cut = true;
    await page.route("**/events?*", (route) => (cut ? route.abort() : route.continue()));
    await open(page, SERVICES);
    const dot = (name: string) => page.getByRole("banner").getByRole("status", { name });
    await expect(dot("Asking every few seconds")).toBeVisible();
    await admin().good(admin().put(`/services/${uuid}`, { label: "Asked for" }));
    await expect(page.getByRole("row").filter({ hasText: "Asked for" })).toBeVisible({ timeout: 8_000 });
    cut = false;
    await expect(dot("Live")).toBeVisible({ timeout: 20_000 });
    await admin().good(admin().put(`/services/${uuid}`, { label: "Told of" }));
    await expect(page.getByRole("row").filter({ hasText: "Told of" })).toBeVisible({ timeout: 1_000 });
    await admin().remove(uuid);
  });
});

test("a reload in the middle of a create goes on with its timeline", async ({ page }) => {
  const { uuid, name } = await admin().create({ project_id: (await admin().project()).uuid, label: "Reloaded", ram_size: SMALL });
  await page.goto(`${SERVICES}/${name}`, { waitUntil: "commit" });
  const steps = page.getByRole("main").getByRole("listitem");
  await expect(steps.filter({ hasText: /Plac(ed|ing) it/ })).toBeVisible();
  await page.reload({ waitUntil: "commit" });
  await expect(steps.filter({ hasText: "Placed it" })).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Created in/ })).toBeVisible({ timeout: 60_000 });
  await expect(steps.filter({ hasText: "Signed in" })).toContainText(/\d (ms|s)/);
  await admin().remove(uuid);
});

test("seven tabs stay live", async ({ context }) => {
  test.setTimeout(90_000);
  const { uuid, name } = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Tab 0", ram_size: SMALL });
  const tabs = await Promise.all(Array.from({ length: 7 }, () => context.newPage()));
  // a browser gives a host six connections; a tab that isn't looked at needs none
  for (const tab of tabs) await open(tab, `${SERVICES}/${name}`);
  for (const [at, tab] of tabs.entries()) {
    await tab.bringToFront();
    await admin().good(admin().put(`/services/${uuid}`, { label: `Tab ${at + 1}` }));
    await expect(tab.getByRole("heading", { level: 1 })).toHaveText(`Tab ${at + 1}`, { timeout: 2_000 });
  }
  await admin().remove(uuid);
});

test("a press that comes before the script is kept and answered", async ({ page }) => {
  const { uuid, name } = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Early", ram_size: SMALL });
  let release = () => {};
  const gate = new Promise<void>((open) => (release = open));
  await page.route("**/page.js", async (route) => {
    await gate;
    await route.continue();
  });
  await page.goto(`${SERVICES}/${name}`, { waitUntil: "commit" });
  await page.getByRole("button", { name: "Reveal" }).click();
  await expect(page.getByRole("group", { name: "the connection URL" })).toContainText("••••");
  release();
  const { connection_url } = (await admin().service(uuid)).connection_details!.internal;
  await expect(page.getByRole("group", { name: "the connection URL" })).toHaveText(connection_url);
  await admin().remove(uuid);
});
