import { SERVICES, expect, open, test } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { psql } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { type Service, details } from "../support/types.ts";

let service: Service;

test.beforeAll(async () => {
  service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Watched", ram_size: SMALL });
});

test.afterAll(() => admin().remove(service.uuid));

test("a log is followed as it grows, searched, and holds neither statements nor passwords", async ({ page }) => {
  const { connection_url, password } = details(service);
  await open(page, `${SERVICES}/${service.name}/logs`);
  const log = page.getByRole("log");
  await expect(log).toContainText("ready to accept connections");
  await expect(psql(connection_url, `select 'canary-in-a-statement' from no_such_table`)).rejects.toThrow(/no_such_table/);
  await expect(psql(connection_url, `do $$ begin raise log 'the word is %', '${password}'; end $$`)).resolves.toBe("");
  await expect(log).toContainText('relation "no_such_table" does not exist', { timeout: 6_000 });
  await expect(log).toContainText("the word is ••••••••", { timeout: 6_000 });
  const source = await page.content();
  expect(source).not.toContain(password);
  expect(source).not.toContain("canary-in-a-statement");

  await page.getByRole("searchbox", { name: "Search the log" }).fill("NO_SUCH");
  await expect(page).toHaveURL(/\?q=NO_SUCH$/);
  await expect(log).not.toContainText("ready to accept connections");
  await expect(log).toContainText("no_such_table");
  await page.getByRole("searchbox", { name: "Search the log" }).fill("nothing like this");
  await expect(page.getByText("No line holds that.")).toBeVisible();
  await expect(page.getByRole("searchbox", { name: "Search the log" })).toBeFocused();
});

test("what is measured is drawn, with units, and told in words", async ({ page }) => {
  test.setTimeout(120_000);
  const { connection_url } = details(service);
  await psql(connection_url, "create table t as select generate_series(1, 1000) as n");
  await open(page, `${SERVICES}/${service.name}/metrics`);
  const chart = (name: RegExp) => page.getByRole("img", { name });
  // measured every half minute
  await expect(chart(/^Size of all databases: \d[\d.]* MiB now, \d[\d.]* MiB at most$/)).toBeVisible({ timeout: 50_000 });
  await expect(chart(/^Connections: \d+ now/)).toBeVisible();
  await expect(chart(/^Memory: \d[\d.]* MiB now/)).toBeVisible();
  // a rate needs two of them
  await expect(chart(/^Transactions: [\d.]+ \/s now/)).toBeVisible({ timeout: 50_000 });
  await expect(chart(/^CPU: [\d.]+ cores now/)).toBeVisible();
  await page.getByRole("link", { name: "Day", exact: true }).click();
  await expect(page).toHaveURL(/span=day/);
  await expect(chart(/^Size of all databases: \d/)).toBeVisible();
});
