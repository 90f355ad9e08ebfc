import { NEW, SERVICES, choose, expect, open, state, test } from "../support/browser.ts";
import { type Thing, kubernetes, labelled } from "../support/cluster.ts";
import { psql, shell } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

const LABEL = "Orders base, трижды";

test("three servers come up, are reached from outside, and lose one another without the address changing", async ({ page }) => {
  test.setTimeout(600_000);
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill(LABEL);
  await choose(page, "Version", "17");
  await page.getByRole("textbox", { name: "CPU, cores" }).fill("1");
  await choose(page, "Instances", "3");
  await choose(page, "Access", "Public");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByRole("heading", { name: LABEL })).toBeVisible();
  const at = new URL(page.url()).pathname;
  const name = at.split("/").at(-1)!;
  const pods = async () => (await labelled("pods", `cnpg.io/cluster=${name},cnpg.io/podRole=instance`)).map(({ metadata }) => metadata.name).sort();

  await test.step("the steps are those of the cluster", async () => {
    const steps = page.getByRole("main").getByRole("listitem");
    await expect(steps.filter({ hasText: "The volume is asked for, and initdb runs on it" })).toBeVisible({ timeout: 60_000 });
    await expect(state(page, "healthy")).toBeVisible({ timeout: 300_000 });
    for (const title of ["Prepared the data directory", "Started the server", "Signed in"]) await expect(steps.filter({ hasText: title })).toBeVisible();
  });
  const { external_connection_url: url } = (await admin().service(name)).connection_details!.external!;

  await test.step("the line for outside runs as it stands", async () => {
    await page.getByRole("combobox", { name: "From" }).selectOption("outside");
    await page.getByRole("combobox", { name: "Format" }).selectOption("psql");
    await page.getByRole("button", { name: "Reveal" }).click();
    const line = page.getByRole("group", { name: "the psql command" });
    await expect(line).not.toContainText("••••");
    expect(await shell(await line.innerText(), "create table kept (n int); insert into kept values (1); select n from kept;")).toBe("1");
  });

  await test.step("the page shows the servers that the cluster has", async () => {
    await open(page, `${at}/members`);
    const rows = page.getByRole("table", { name: "Servers" }).getByRole("row");
    await expect(rows).toHaveCount(4);
    await expect(page.getByText("3 of 3 ready")).toBeVisible();
    for (const pod of await pods()) await expect(rows.filter({ hasText: pod })).toHaveCount(1);
    await expect(rows.filter({ hasText: "Primary" })).toHaveCount(1);
    await expect(rows.filter({ hasText: "Standby" })).toHaveCount(2);
    // what a standby hasn't replayed is known only while it streams
    await expect(rows.filter({ hasText: "Standby" }).filter({ hasText: /\d+ (B|kB|KiB|MiB)/ })).toHaveCount(2, { timeout: 60_000 });
  });

  await test.step("the primary's pod goes: writes go on at the same address, and the page says for how long they did not", async () => {
    const primary = `cnpg.io/cluster=${name},cnpg.io/instanceRole=primary`;
    const [lost] = (await labelled("pods", primary)) as [Thing];
    await kubernetes("DELETE", `/api/v1/namespaces/${lost.metadata.namespace}/pods/${lost.metadata.name}?gracePeriodSeconds=0`);
    const killed = Date.now();
    // what is dialled while the pod is just going is answered by nobody
    const write = () => psql(`${url}?connect_timeout=2`, "insert into kept select count(*) + 1 from kept returning n").catch(() => "");
    const written = await until("a write", async () => [await write(), (await labelled("pods", primary))[0]?.metadata.name], ([n, now]) => n !== "" && now !== undefined && now !== lost.metadata.name, { within: 120_000 });
    console.log(`written ${Date.now() - killed} ms after the primary's pod was killed`);
    const change = page.getByRole("table", { name: "Failovers" }).getByRole("row").filter({ hasText: lost.metadata.name });
    await expect(change).toHaveCount(1, { timeout: 120_000 });
    await expect(change).toContainText(written[1]!);
    await expect(change).toContainText(/\d(\.\d)? (s|ms)/);
    await expect(page.getByText("3 of 3 ready")).toBeVisible({ timeout: 180_000 });
    expect((await admin().service(name)).connection_details!.external!.external_connection_url).toBe(url);
    expect(await psql(url!, "select min(n) from kept")).toBe("1");
  });

  await test.step("deleted, nothing of it is left", async () => {
    await admin().remove(name);
    const ours = `berth.dev/name=${name}`;
    for (const kind of ["pods", "persistentvolumeclaims", "secrets", "services"]) {
      expect(await labelled(kind, ours), kind).toEqual([]);
    }
    expect(await labelled("clusters", ours, "apis/postgresql.cnpg.io/v1")).toEqual([]);
    expect(await labelled("networkpolicies", ours, "apis/networking.k8s.io/v1")).toEqual([]);
    // the page has left by itself
    await page.waitForURL(`**${SERVICES}`);
    await expect(page.getByText(name)).toHaveCount(0);
  });
});
