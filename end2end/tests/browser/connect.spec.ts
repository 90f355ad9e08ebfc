import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SERVICES, expect, open, test } from "../support/browser.ts";
import { run } from "../support/binary.ts";
import { Server } from "../support/postgres.ts";
import { admin } from "../support/shared.ts";
import { details } from "../support/types.ts";

/** Whatever a shell, a URL, libpq, Python or JavaScript takes for something else. */
const HOSTILE = `a'b"c \\ $HOME %00 é & <%= ; # \`id\``;
/** In a folder that finds the packages of the tests. */
const PLACE = resolve(import.meta.dirname, "../../test-results");

test("every line that can be run here signs in, with a password of hostile characters", async ({ page }) => {
  test.setTimeout(120_000);
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Hostile", ram_size: 128 });
  const { port, database } = details(service);
  const server = await Server.start("hostile_ab", HOSTILE);
  mkdirSync(PLACE, { recursive: true });
  const dir = mkdtempSync(join(PLACE, "connect-"));
  try {
    // the page has the service's address and is given another password: its lines, on a server that has it
    await page.route("**/call/reveal", (route) => route.fulfill({ json: HOSTILE }));
    await open(page, `${SERVICES}/${service.name}`);
    await page.getByRole("button", { name: "Reveal" }).click();
    const line = page.getByRole("group", { name: /^the / });
    await expect(line).not.toContainText("••••");
    const lines = async (format: string) => {
      await page.getByRole("combobox", { name: "Format" }).selectOption(format);
      return (await line.innerText()).replaceAll(String(port), String(server.port)).replaceAll(database, "hostile_ab");
    };

    const sh = (script: string) => run("/bin/sh", ["-c", script], { env: { PATH: process.env["PATH"], PSQLRC: "/dev/null" } });
    const created = await sh(`${(await lines("psql")).replace(/hostile_ab$/, "postgres")} -XAtqc 'create database hostile_ab'`);
    expect(created, created.stderr).toMatchObject({ code: 0 });

    const python = join(dir, "run.py");
    writeFileSync(python, `${(await lines("Python")).replace("import psycopg\n", "import psycopg2 as psycopg\n")}\ncursor = connection.cursor()\ncursor.execute("select 7")\nprint(cursor.fetchone()[0])\n`);
    const node = join(dir, "run.mjs");
    writeFileSync(node, `${await lines("Node.js")}\nprocess.stdout.write(String((await client.query("select 7 as n")).rows[0].n));\nawait client.end();\n`);
    const env = join(dir, "env");
    writeFileSync(env, await lines(".env"));
    const [url, libpq] = [join(dir, "url"), join(dir, "libpq")];
    writeFileSync(url, await lines("URL"));
    writeFileSync(libpq, await lines("libpq"));
    const ran = {
      psql: await sh(`${await lines("psql")} -XAtqc 'select 7'`),
      url: await sh(`psql -XAtqc 'select 7' "$(cat '${url}')"`),
      libpq: await sh(`psql -XAtqc 'select 7' "$(cat '${libpq}')"`),
      env: await sh(`. '${env}'; psql -XAtqc 'select 7' "$DATABASE_URL"`),
      python: await run("/usr/bin/python3", [python]),
      node: await run(process.execPath, [node]),
    };
    for (const [format, { code, stdout, stderr }] of Object.entries(ran)) expect({ code, stdout: stdout.trim() }, `${format}: ${stderr}`).toEqual({ code: 0, stdout: "7" });
  } finally {
    rmSync(dir, { recursive: true });
    await server.end();
    await admin().remove(service.uuid);
  }
});

test("what is copied was never shown, and goes as the chosen format has it", async ({ page }) => {
  // reading the clipboard is forbidden to our pages
  await page.addInitScript(() => {
    if (isSecureContext) navigator.clipboard.writeText = async (text) => void Object.assign(window, { copied: text });
  });
  const service = await admin().healthy({ project_id: (await admin().project()).uuid, label: "Copied", ram_size: 128 });
  await open(page, `${SERVICES}/${service.name}`);
  await page.getByRole("combobox", { name: "Format" }).selectOption("Kubernetes Secret");
  await page.getByRole("button", { name: /^Copy/ }).click();
  await expect(page.getByRole("button", { name: /^Copied/ })).toBeVisible();
  const copied = await page.evaluate(() => (window as unknown as { copied: string }).copied);
  expect(copied).toContain(`DATABASE_URL: "${details(service).connection_url}"`);
  expect(copied).toContain(`name: ${service.name}\n`);
  await expect(page.getByRole("group", { name: "the lines for Kubernetes Secret" })).toContainText("••••");
  expect(await page.content()).not.toContain(details(service).password);
  await admin().remove(service.uuid);
});
