import { OVERVIEW, SERVICES, choose, expect, hydrated, open, state, test } from "../support/browser.ts";
import { SMALL } from "../support/cluster.ts";
import { ADMIN } from "../support/console.ts";
import { psql, shell } from "../support/psql.ts";
import { admin } from "../support/shared.ts";

const LABEL = "Orders база";

test.use({ signedIn: false });
// its bounds are those of a machine that does nothing else meanwhile
test.describe.configure({ lock: "-exclusive-" });

test("from the sign-in form to a working psql, and back to where there was nothing", async ({ page }) => {
  test.setTimeout(120_000);
  const began = Date.now();
  await open(page, "/");
  await page.getByRole("textbox", { name: "E-mail" }).fill(ADMIN.email);
  await page.getByRole("textbox", { name: "Password" }).fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`**${OVERVIEW}`);
  await hydrated(page);

  await page.getByRole("link", { name: "Create service" }).first().click();
  await expect(page.getByRole("heading", { name: "Create a service" })).toBeVisible();
  await page.getByRole("textbox", { name: "Label" }).fill(LABEL);
  await choose(page, "Version", "17");
  await page.getByRole("textbox", { name: "Memory, MiB" }).fill(String(SMALL));
  const pressed = Date.now();
  await page.getByRole("button", { name: "Create" }).click();

  await test.step("named steps appear and finish", async () => {
    await expect(page.getByRole("heading", { name: LABEL })).toBeVisible();
    const steps = page.getByRole("main").getByRole("listitem");
    await expect(steps.filter({ hasText: "Placed it" })).toBeVisible();
    await expect(state(page, "healthy")).toBeVisible({ timeout: 60_000 });
    console.log(`healthy ${Date.now() - pressed} ms after Create`);
    for (const title of ["Prepared the data directory", "Started the server", "Created the role and the database", "Signed in", "Wrote the variables"]) {
      await expect(steps.filter({ hasText: title })).toContainText(/\d (ms|s)/);
    }
    await expect(page.getByRole("heading", { name: /^Created in \d/ })).toBeVisible();
  });
  const name = new URL(page.url()).pathname.split("/").at(-1)!;
  const { connection_url } = (await admin().service(name)).connection_details!.internal;

  await test.step("the password is hidden until it is asked for, and the line runs as it stands", async () => {
    const line = page.getByRole("group", { name: "the connection URL" });
    await expect(line).toContainText("••••");
    await page.getByRole("button", { name: "Reveal" }).click();
    await expect(line).toHaveText(connection_url);
    await page.getByRole("combobox", { name: "Format" }).selectOption("psql");
    const command = await page.getByRole("group", { name: "the psql command" }).innerText();
    expect(await shell(command, "create table kept (word text); insert into kept values ('still here'); select word from kept;")).toBe("still here");
    // a promise of the product, with a machine under test in between
    expect(Date.now() - began).toBeLessThan(60_000);
    await page.getByRole("button", { name: "Hide" }).click();
    await expect(page.getByRole("group", { name: "the psql command" })).toContainText("••••");
    expect(await page.content()).not.toContain(new URL(connection_url).password);
  });

  await test.step("the connection is tried from the server", async () => {
    await page.getByRole("button", { name: "Test this connection" }).click();
    await expect(page.getByText(/^Signed in at \S+:\d+ in .* PostgreSQL 17\./)).toBeVisible();
  });

  await test.step("stop, start and restart", async () => {
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(state(page, "stopped")).toBeVisible();
    await expect(page.getByRole("button", { name: "Stop" })).toBeDisabled();
    await expect(page.getByRole("button", { name: "Stop" })).toHaveAccessibleDescription("It is stopped already");
    await expect(page.getByRole("heading", { name: /^Stopped in/ })).toBeVisible();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.getByRole("heading", { name: /^Started in/ })).toBeVisible();
    await expect(state(page, "healthy")).toBeVisible();
    await page.getByRole("button", { name: "Restart" }).click();
    await expect(page.getByRole("heading", { name: /^Restarted in/ })).toBeVisible();
    await expect(state(page, "healthy")).toBeVisible();
    expect(await psql(connection_url, "select word from kept")).toBe("still here");
  });

  await test.step("deleting asks for the name and leads back to the list", async () => {
    await page.getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: `Delete ${LABEL}?` });
    await expect(dialog).toContainText(`${name.toUpperCase().replaceAll("-", "_")}_URL`);
    const gone = dialog.getByRole("button", { name: "Delete it for good" });
    await expect(gone).toBeDisabled();
    await dialog.getByRole("textbox").fill("something else");
    await expect(gone).toBeDisabled();
    await dialog.getByRole("textbox").fill(name);
    await gone.click();
    await page.waitForURL(`**${SERVICES}`);
    await expect(page.getByRole("status").filter({ hasText: `${LABEL} is gone.` })).toBeVisible();
    await expect(page.getByText(name)).toHaveCount(0);
  });
  expect((await admin().get(`/services/${name}`)).status).toBe(404);
});
