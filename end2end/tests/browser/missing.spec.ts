import { SERVICES, expect, open, test } from "../support/browser.ts";

test.use({ allowed: [/the server responded with a status of 404/] });

test("an address that leads nowhere answers 404 with an id that the log knows", async ({ page }) => {
  for (const path of ["/nowhere", "/w/main/nowhere"]) {
    const answer = await open(page, path);
    expect(answer?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { name: "There is nothing at this address" }), path).toBeVisible();
    const id = answer!.headers()["x-request-id"]!;
    expect(id, path).toMatch(/\S/);
    await expect(page.getByText(id), path).toBeVisible();
  }
});

test("a service that isn't there answers 404 and shows the way back", async ({ page }) => {
  const answer = await open(page, `${SERVICES}/postgres-nobody`);
  expect(answer?.status()).toBe(404);
  await page.getByRole("link", { name: "Go to services" }).click();
  await expect(page.getByRole("heading", { name: "Services", level: 1 })).toBeVisible();
});

test("a workspace that isn't one's own looks like one that doesn't exist", async ({ page }) => {
  const answers = [];
  for (const path of ["/w/other/services", "/w/other", "/w/o%74her/services"]) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(404);
    answers.push((await page.getByRole("main").innerText()).replace(answer!.headers()["x-request-id"]!, "…"));
  }
  expect(new Set(answers).size).toBe(1);
});
