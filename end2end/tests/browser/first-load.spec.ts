import { isRelease } from "../support/binary.ts";
import { NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, open, test } from "../support/browser.ts";
import { admin, shared } from "../support/shared.ts";

/** Bytes of script and WASM of a first visit, as they cross the wire. */
const MOST = 250_000;

test("a first visit to any page costs little", async ({ page, browser }) => {
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Small", ram_size: 128 });
  const state = await page.context().storageState();
  const table: Record<string, { bytes: number; files: number }> = {};
  const { name, project_id, resource_id } = service;
  for (const path of ["/sign-in", OVERVIEW, SERVICES, NEW, `${SERVICES}/${name}`, `${SERVICES}/${name}/activity`, `${SERVICES}/${name}/settings`, `${PROJECTS}/${project_id}`, `${RESOURCES}/${resource_id}`]) {
    // nothing is in its cache
    const context = await browser.newContext({ baseURL: shared().url, storageState: state });
    const fresh = await context.newPage();
    await open(fresh, path);
    await fresh.waitForLoadState("networkidle");
    const sizes = await fresh.evaluate(() => {
      const all = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return all.filter(({ name }) => /\.(js|wasm)(\?|$)/.test(name)).map(({ name, encodedBodySize }) => ({ name, encodedBodySize }));
    });
    await context.close();
    // a file that was preloaded and then used has two entries and crossed the wire once
    const once = new Map(sizes.map(({ name, encodedBodySize }) => [name, encodedBodySize]));
    table[path] = { bytes: [...once.values()].reduce((sum, bytes) => sum + bytes, 0), files: once.size };
  }
  await admin().remove(service.uuid);
  console.table(table);
  for (const [path, { bytes, files }] of Object.entries(table)) {
    expect(files, path).toBeGreaterThanOrEqual(2);
    expect(bytes, path).toBeGreaterThan(0);
    if (isRelease()) expect(bytes, path).toBeLessThanOrEqual(MOST);
  }
});
