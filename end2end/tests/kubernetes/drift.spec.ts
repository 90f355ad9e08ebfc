import { SERVICES, expect, open, state, test } from "../support/browser.ts";
import { type Thing, kubernetes, labelled } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

const CLUSTERS = "apis/postgresql.cnpg.io/v1";

interface Cluster extends Thing {
  spec: { instances: number; resources: { limits: { memory: string } }; logLevel?: string };
}

test("what somebody else has changed of a database's object is shown with who did it, and put back", async ({ page }) => {
  test.setTimeout(600_000);
  const project = await admin().project();
  const { name } = await admin().healthy({ project_id: project.uuid, label: "Drifted", postgres_version: "17", cpu_size: 1 });
  const cluster = async () => (await labelled("clusters", `berth.dev/name=${name}`, CLUSTERS))[0] as Cluster;
  await open(page, `${SERVICES}/${name}/object`);
  await expect(page.getByText("As Berth wants it")).toBeVisible();
  const object = page.getByLabel("The object");
  await expect(object).toContainText("kind: Cluster");
  await expect(object).not.toContainText("managedFields");

  const { metadata } = await cluster();
  const at = `/${CLUSTERS}/namespaces/${metadata.namespace}/clusters/${name}?fieldManager=somebody-else`;
  await kubernetes("PATCH", at, { spec: { smartShutdownTimeout: 7, logLevel: "debug" }, metadata: { labels: { "berth.dev/project": "another" } } });
  await page.reload();
  await expect(page.getByText("Not what Berth wants")).toBeVisible();
  const row = (path: string) => page.getByRole("table", { name: "Drift" }).getByRole("row").filter({ hasText: path });
  for (const [path, wanted, found] of [
    ["spec.smartShutdownTimeout", "1", "7"],
    ["metadata.labels.berth.dev/project", project.uuid, "another"],
  ] as const) {
    await expect(row(path)).toContainText(wanted);
    await expect(row(path)).toContainText(found);
    await expect(row(path)).toContainText("somebody-else");
  }
  // nobody of ours has a wish about it
  await expect(row("spec.logLevel")).toHaveCount(0);

  await page.getByRole("button", { name: "Put it back", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Put it back now" }).click();
  await expect(page.getByText("As Berth wants it")).toBeVisible({ timeout: 120_000 });
  const back = await until("it to be back", cluster, ({ metadata }) => metadata.labels?.["berth.dev/project"] === project.uuid);
  expect((back.spec as unknown as { smartShutdownTimeout: number }).smartShutdownTimeout).toBe(1);
  expect(back.spec.logLevel, "somebody else's").toBe("debug");
  await open(page, `${SERVICES}/${name}`);
  await expect(state(page, "healthy")).toBeVisible({ timeout: 120_000 });
  await admin().remove(name);
});
