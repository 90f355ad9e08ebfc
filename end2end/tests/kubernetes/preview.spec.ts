import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NEW, choose, expect, hydrated, open, test } from "../support/browser.ts";
import { runtime } from "../support/cluster.ts";
import { ADMIN, Console } from "../support/console.ts";

test("what will be applied stands beside the form, as it is typed, without the secret", async ({ page }) => {
  await open(page, NEW);
  await page.getByRole("textbox", { name: "Label" }).fill("Seen before");
  await choose(page, "Format", "YAML");
  const yaml = page.getByRole("group", { name: "the request" });
  await expect(yaml).toContainText("kind: Cluster");
  await expect(yaml).toContainText("kind: NetworkPolicy");
  await expect(yaml).toContainText("instances: 1");
  await expect(yaml).toContainText("password: ••••");
  await choose(page, "Instances", "3");
  await choose(page, "Access", "Public");
  await expect(yaml).toContainText("instances: 3");
  await expect(yaml).toContainText("type: LoadBalancer");
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeEnabled();
});

test.describe("an installation that names an image which the operator does not take", () => {
  let dir: string;
  let console_: Console;

  test.beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "berth-end2end-config-"));
    const config = join(dir, "berth.yaml");
    writeFileSync(config, JSON.stringify({ images: { "16": "localhost/postgresql:latest", "17": "localhost/postgresql:17.0" } }));
    console_ = await Console.start(["17"], 1, { settings: { ...runtime(), BERTH_KUBERNETES_CONFIG: config } });
  });

  test.afterAll(async () => {
    await console_.end();
    rmSync(dir, { recursive: true });
  });

  test.use({ signedIn: false, allowed: [/status of 422/] });

  test("the operator's own words stand at the version, and nothing is created", async ({ page }) => {
    await page.goto(`${console_.url}/sign-in?next=${NEW}`);
    await page.getByRole("textbox", { name: "E-mail" }).fill(ADMIN.email);
    await page.getByRole("textbox", { name: "Password" }).fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`**${NEW}`);
    await hydrated(page);
    await page.getByRole("textbox", { name: "Label" }).fill("Refused");
    await choose(page, "Format", "YAML");
    await expect(page.getByRole("group", { name: "the request" })).toContainText("kind: Cluster");
    await choose(page, "Version", "16");
    await expect(page.getByRole("group", { name: "Version" })).toContainText("spec.imageName: Invalid value");
    await expect(page.getByRole("button", { name: "Create", exact: true })).toBeDisabled();
    await choose(page, "Version", "17");
    await expect(page.getByRole("button", { name: "Create", exact: true })).toBeEnabled();
  });
});
