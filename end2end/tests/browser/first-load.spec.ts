import { isRelease } from "../support/binary.ts";
import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, open, test } from "../support/browser.ts";
import { admin, shared } from "../support/shared.ts";

/** Bytes of script and WASM of a first visit, as they cross the wire. */
const MOST = 230_000;
/** Until everything on a page answers, from nothing in the cache, at the median of all pages. 250 ms are promised on a quiet machine
 * and printed below; this is the bound for one that does other things meanwhile. */
const HYDRATED_MS = 500;

// recording what happens takes longer than what happens
test.use({ trace: "off", screenshot: "off" });

test("a first visit to any page costs little", async ({ page, browser }) => {
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Small", ram_size: 128 });
  const state = await page.context().storageState();
  const table: Record<string, { bytes: number; files: number; hydrated: number }> = {};
  const { name, project_id, resource_id } = service;
  for (const path of ["/sign-in", OVERVIEW, SERVICES, NEW, `${SERVICES}/${name}`, `${SERVICES}/${name}/logs`, `${SERVICES}/${name}/metrics`, `${SERVICES}/${name}/activity`, `${SERVICES}/${name}/settings`, `${PROJECTS}/${project_id}`, `${RESOURCES}/${resource_id}`, ACTIVITY, ACCOUNT]) {
    // nothing is in its cache
    const context = await browser.newContext({ baseURL: shared().url, storageState: state });
    const fresh = await context.newPage();
    await open(fresh, path);
    const hydrated = await fresh.evaluate(() => performance.getEntriesByName("hydrated")[0]!.startTime);
    await fresh.waitForLoadState("networkidle");
    const sizes = await fresh.evaluate(() => {
      const all = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
      return all.filter(({ name }) => /\.(js|wasm)(\?|$)/.test(name)).map(({ name, encodedBodySize }) => ({ name, encodedBodySize }));
    });
    await context.close();
    // a file that was preloaded and then used has two entries and crossed the wire once
    const once = new Map(sizes.map(({ name, encodedBodySize }) => [name, encodedBodySize]));
    table[path] = { bytes: [...once.values()].reduce((sum, bytes) => sum + bytes, 0), files: once.size, hydrated: Math.round(hydrated) };
  }
  await admin().remove(service.uuid);
  console.table(table);
  for (const [path, { bytes, files }] of Object.entries(table)) {
    expect(files, path).toBeGreaterThanOrEqual(1);
    expect(bytes, path).toBeGreaterThan(0);
    if (isRelease()) expect(bytes, path).toBeLessThanOrEqual(MOST);
  }
  const times = Object.values(table).map(({ hydrated }) => hydrated).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)]!;
  console.log(`everything answers after ${median} ms at the median`);
  if (isRelease()) expect(median).toBeLessThanOrEqual(HYDRATED_MS);
});
