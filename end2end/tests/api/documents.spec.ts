import { expect, test } from "@playwright/test";
import { shared, stranger } from "../support/shared.ts";

test("the contract is served as a document for programs", async () => {
  const answer = await stranger().get("/openapi.json");
  expect(answer.status).toBe(200);
  expect(answer.body.openapi).toMatch(/^3\.1/);
  const paths = Object.keys(answer.body.paths);
  for (const path of ["/auth/sign_in", "/services", "/services/{id}", "/services/{id}/state", "/projects/{id}/vars", "/events"]) {
    expect(paths.some((known) => known.endsWith(path)), path).toBe(true);
  }
  const fields = Object.keys(answer.body.components.schemas.NewService.properties);
  expect(fields).toEqual(expect.arrayContaining(["label", "ram_size", "external_host", "s3_server_name", "mount_point"]));
});

test("and as a page for people, without script and without signing in", async () => {
  const answer = await fetch(`${shared().url}/docs`);
  const page = await answer.text();
  expect(answer.status).toBe(200);
  expect(page).toContain("<h1");
  expect(page).toContain("postgres_version");
  expect(page).not.toContain("<script");
});

test("every answer carries an id and the headers that keep browsers honest", async () => {
  for (const path of ["/", "/sign-in", "/docs", "/healthz", "/api/v1/services", "/nowhere", "/favicon.svg"]) {
    const answer = await fetch(`${shared().url}${path}`, { redirect: "manual" });
    await answer.arrayBuffer();
    expect(answer.headers.get("x-request-id"), path).toMatch(/\S/);
    expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).not.toContain("unsafe-inline");
  }
});

test("a page of another site changes nothing, whatever it sends", async () => {
  const { url, cookie } = shared();
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/sign-out`, { method: "POST", redirect: "manual", headers: { cookie: `${cookie.name}=${cookie.value}`, ...headers } });
  for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }, {}]) {
    const answer = await post(headers as Record<string, string>);
    await answer.arrayBuffer();
    expect(answer.status, JSON.stringify(headers)).toBe(403);
  }
  const mine = await fetch(`${url}/`, { redirect: "manual", headers: { cookie: `${cookie.name}=${cookie.value}` } });
  expect(mine.headers.get("location")).toMatch(/^\/w\//);
});
