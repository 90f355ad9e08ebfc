import { type Page } from "@playwright/test";
import { NEW, SERVICES, choose, expect, open, test } from "../support/browser.ts";
import { labelled } from "../support/cluster.ts";
import { External } from "../support/external.ts";
import { psql } from "../support/psql.ts";
import { admin } from "../support/shared.ts";
import { until } from "../support/until.ts";

interface Check {
  check: string;
  result: "pass" | "warn" | "fail";
  message: string;
  mend: string | null;
}

/** Somebody who had a database there before. */
const shop = (host: string, port: number) => `postgres://shop:canary-of-a-shop@${host}:${port}/shop`;

/** Makes it by the form: a pasted URL fills in most of it, and the source is checked on the way. */
async function fill(page: Page, label: string, source: External): Promise<string> {
  const { host, port, password } = source.said;
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill(label);
  await choose(page, "Version", "17");
  await page.getByRole("textbox", { name: "CPU, cores" }).fill("1");
  await choose(page, "Access", "Public");
  await choose(page, "Start from", "External replica");
  await page.getByLabel("Paste a URL").fill(`postgres://replicator:${encodeURIComponent(password)}@${host}:${port}/shop?sslmode=require`);
  await expect(page.getByRole("textbox", { name: "Host" })).toHaveValue(host);
  await expect(page.getByRole("textbox", { name: "Port" })).toHaveValue(String(port));
  await expect(page.getByRole("textbox", { name: "Role" })).toHaveValue("replicator");
  await expect(page.getByRole("group", { name: "the request" })).not.toContainText(password);
  await page.getByRole("button", { name: "Check the source" }).click();
  const checks = page.getByRole("list", { name: "Checks of the source" }).getByRole("listitem");
  await expect(checks.filter({ hasText: "may replicate" })).toContainText("Pass");
  await expect(checks.filter({ hasText: "who answers isn't checked" })).toContainText("Warn");
  await expect(checks.getByText("Fail", { exact: true })).toHaveCount(0);
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByRole("heading", { name: label })).toBeVisible();
  return new URL(page.url()).pathname.split("/").at(-1)!;
}

for (const auth of ["password", "tls"] as const) {
  test(`a server outside of the cluster is followed by ${auth}, promoted, and takes writes`, async ({ page }) => {
    test.setTimeout(600_000);
    const source = await External.start("17", "checkpoint_completion_target=0", "max_connections=123", "max_prepared_transactions=7");
    try {
      await psql(source.said.url, "create role shop login password 'canary-of-a-shop'");
      await psql(source.said.url, "create database shop owner shop");
      const there = shop(source.said.host, source.said.port);
      await psql(there, "create table kept (n int); insert into kept values (1)");
      const project = await admin().project();
      const fields = { project_id: project.uuid, label: `A copy by ${auth}`, postgres_version: "17", cpu_size: 1, public_access: "1", ...source.fields(auth) };

      await test.step("the check has nothing that fails", async () => {
        const { project_id, label, cpu_size, public_access, ...about } = fields;
        const checks = await admin().good(admin().post<Check[]>("/services/preflight", about));
        expect(checks.filter(({ result }) => result === "fail")).toEqual([]);
        const found = checks.map(({ check }) => check);
        for (const check of ["address", "connection", "tls", "login", "system", "version", "wal_level", "wal_senders", "standby_settings", "wal_keep"]) expect(found).toContain(check);
      });

      const name = auth === "password" ? await fill(page, fields.label, source) : (await admin().create(fields)).name;
      const copy = await admin().state(name, ["healthy"], 240_000);

      await test.step("it has no credentials of ours", async () => {
        expect(copy.role).toBe("replica");
        const { internal } = copy.connection_details!;
        expect([internal.database, internal.username, internal.password, internal.psql_command]).toEqual([null, null, null, null]);
      });
      const { hostname, port } = copy.connection_details!.external!;
      const here = shop(hostname, port);

      await test.step("what the source writes arrives, with settings that a standby needs", async () => {
        await psql(there, "insert into kept values (2)");
        await until("the row to arrive", () => psql(here, "select max(n) from kept"), (n) => n === "2");
        expect(await psql(here, "select pg_is_in_recovery(), current_setting('max_connections')::int >= 123, current_setting('max_prepared_transactions')::int >= 7")).toBe("t|t|t");
      });

      await test.step("the page shows how far it is", async () => {
        await open(page, `${SERVICES}/${name}/replication`);
        await expect(page.getByText("Streaming", { exact: true })).toBeVisible();
        await expect(page.getByText(`${source.said.host}:${source.said.port}`)).toBeVisible();
        await expect(page.getByText("nothing", { exact: true })).toBeVisible({ timeout: 30_000 });
      });

      await test.step("promoted by its typed name, it takes writes", async () => {
        await page.getByRole("button", { name: "Promote it" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByRole("textbox").fill(name);
        await dialog.getByRole("button", { name: "Promote it for good" }).click();
        await expect(page.getByText("follows nobody since")).toBeVisible();
        const own = await until("it to be its own", () => admin().service(name), ({ state, role }) => state === "healthy" && role === "primary", { within: 120_000 });
        expect((await admin().post(`/services/${name}/promote_external`)).status).toBe(422);
        const { external_connection_url: url } = own.connection_details!.external!;
        expect(await psql(url!, "create table ours (n int); insert into ours values (7) returning n")).toBe("7");
        // what came from the source is there, and goes its own way
        expect(await psql(here, "insert into kept values (3) returning n")).toBe("3");
        expect(await psql(there, "select max(n) from kept")).toBe("2");
      });

      await test.step("deleted, nothing of it is left", async () => {
        await admin().remove(name);
        const ours = `berth.dev/name=${name}`;
        for (const kind of ["pods", "persistentvolumeclaims", "secrets", "services"]) expect(await labelled(kind, ours), kind).toEqual([]);
        for (const kind of ["clusters", "databases"]) expect(await labelled(kind, ours, "apis/postgresql.cnpg.io/v1"), kind).toEqual([]);
      });
    } finally {
      await source.end();
    }
  });
}
