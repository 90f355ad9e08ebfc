import { SERVICES, expect, open, test } from "../support/browser.ts";
import { labelled } from "../support/cluster.ts";
import { psql } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

test("a database is given a replica, which follows it, takes its new password, and is promoted", async ({ page }) => {
  test.setTimeout(600_000);
  const project = await admin().project();
  const primary = (await admin().create({ project_id: project.uuid, label: "Orders", postgres_version: "17", cpu_size: 1, ram_size: 256, public_access: "1" })).name;
  await admin().state(primary, ["healthy"], 240_000);
  const url = async (name: string) => (await admin().service(name)).connection_details!.external!.external_connection_url!;
  const there = await url(primary);
  await psql(there, "create table kept (n int); insert into kept values (1)");

  const name = await test.step("the page makes one, and shows it", async () => {
    await open(page, `${SERVICES}/${primary}/replication`);
    await expect(page.getByText("It has no replicas.")).toBeVisible();
    const memory = page.getByRole("textbox", { name: "Memory, MiB" });
    await expect(memory).toHaveValue("256");
    await memory.fill("1");
    await page.getByRole("button", { name: "Create the replica" }).click();
    await expect(page.getByText("is too small (minimum is 256 MiB)")).toBeVisible();
    await memory.fill("512");
    await page.getByRole("button", { name: "Create the replica" }).click();
    const row = page.getByRole("table", { name: "Replicas" }).getByRole("row").filter({ hasText: "Orders replica" });
    await expect(row).toContainText("healthy", { timeout: 240_000 });
    return (await admin().service(primary)).replicas[0]!.name;
  });

  await test.step("it has what the primary has, with the same credentials, and takes no writes", async () => {
    const replica = await admin().service(name);
    expect([replica.role, replica.ram_size, replica.public_access]).toEqual(["replica", 512, "1"]);
    const { internal } = replica.connection_details!;
    expect(internal.database).toBe(primary.replaceAll("-", "_"));
    expect(internal.password).toBe((await admin().service(primary)).connection_details!.internal.password);
    const here = await url(name);
    await psql(there, "insert into kept values (2)");
    await until("the row to arrive", () => psql(here, "select max(n) from kept"), (n) => n === "2");
    await expect(psql(here, "insert into kept values (3)")).rejects.toThrow("read-only");
    expect((await admin().post(`/services/${name}/create_replica`, {})).status).toBe(422);
  });

  await test.step("the page shows how far it is", async () => {
    await open(page, `${SERVICES}/${name}/replication`);
    await expect(page.getByText("Streaming", { exact: true })).toBeVisible();
    await expect(page.getByText("nothing", { exact: true })).toBeVisible({ timeout: 30_000 });
    await page.getByRole("link", { name: new RegExp(`${primary}-rw`) }).click();
    await expect(page.getByRole("heading", { name: "Orders", exact: true })).toBeVisible();
  });

  await test.step("a larger primary, with more connections than the replica's own size has, is followed on", async () => {
    await admin().good(admin().put(`/services/${primary}`, { ram_size: 1024 }));
    for (const one of [primary, name]) await until(`${one} to be changed`, () => admin().service(one), ({ state, operation }) => state === "healthy" && operation?.kind === "update" && operation.state === "succeeded", { within: 240_000 });
    const connections = async (of: string) => Number(await psql(await url(of), "show max_connections"));
    expect(await connections(name)).toBe(await connections(primary));
    await psql(there, "insert into kept values (4)");
    await until("the row to arrive", async () => psql(await url(name), "select max(n) from kept"), (n) => n === "4", { within: 60_000 });
  });

  await test.step("a new password of the primary opens the replica, and the old one doesn't", async () => {
    const old = await url(name);
    await admin().good(admin().post(`/services/${primary}/rotate_password`));
    for (const one of [primary, name]) await until(`${one} to have it`, () => admin().service(one), ({ state, operation }) => state === "healthy" && operation?.kind === "rotate_password" && operation.state === "succeeded", { within: 120_000 });
    expect(await psql(await url(name), "select 1")).toBe("1");
    await expect(psql(old, "select 1")).rejects.toThrow("password authentication failed");
  });

  await test.step("promoted by its typed name, it takes writes of its own", async () => {
    await open(page, `${SERVICES}/${name}/replication`);
    await page.getByRole("button", { name: "Promote it" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill(name);
    await dialog.getByRole("button", { name: "Promote it for good" }).click();
    await expect(page.getByText("It has no replicas.")).toBeVisible({ timeout: 120_000 });
    await until("it to be its own", () => admin().service(name), ({ state, role }) => state === "healthy" && role === "primary", { within: 120_000 });
    expect(await psql(await url(name), "insert into kept values (5) returning n")).toBe("5");
    expect(await psql(await url(primary), "select max(n) from kept")).toBe("4");
  });

  await test.step("it stays when what was its primary goes, with replicas of that", async () => {
    const { name: other } = await admin().good(admin().post<{ name: string }>(`/services/${primary}/create_replica`, {}));
    await admin().state(other, ["healthy"], 240_000);
    await admin().remove(primary);
    expect((await admin().get(`/services/${other}`)).status).toBe(404);
    for (const gone of [primary, other]) {
      for (const kind of ["pods", "persistentvolumeclaims", "secrets"]) expect(await labelled(kind, `berth.dev/name=${gone}`), kind).toEqual([]);
    }
    expect(await psql(await url(name), "select max(n) from kept")).toBe("5");
    await admin().remove(name);
  });
});
