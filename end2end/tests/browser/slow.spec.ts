import { type Page } from "@playwright/test";
import { OVERVIEW, SERVICES, expect, hydrated, test } from "../support/browser.ts";
import { admin } from "../support/shared.ts";

/** Chromium's own "Slow 3G": 400 kbit/s both ways, 400 ms to the server and back, times five as its tools apply it. */
const SLOW = { offline: false, latency: 2_000, downloadThroughput: 50_000, uploadThroughput: 50_000 };

async function slow(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", SLOW);
}

test("on a slow link a page is read before its WASM has come, and a form on it isn't lost", async ({ page }) => {
  test.setTimeout(300_000);
  const { uuid, name } = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Far away", ram_size: 128 });
  // a page of its own: what it still loads would be broken off
  const overview = await page.context().newPage();
  await slow(overview);
  await overview.goto(OVERVIEW, { waitUntil: "commit" });
  await expect(overview.getByRole("heading", { level: 1 })).toHaveText("Overview", { timeout: 30_000 });
  await slow(page);
  await page.goto(`${SERVICES}/${name}`, { waitUntil: "commit" });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Far away", { timeout: 30_000 });
  await expect(page.getByRole("listitem").filter({ hasText: "Signed in" })).toBeVisible();
  expect(await page.locator("body").getAttribute("data-hydrated")).toBeNull();
  await page.getByRole("button", { name: "Stop" }).click();
  await hydrated(page, 90_000);
  await admin().state(uuid, ["stopped"]);
  await admin().remove(uuid);
});
