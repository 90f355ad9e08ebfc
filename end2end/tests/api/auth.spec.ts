import { expect, test } from "@playwright/test";
import { ADMIN } from "../support/console.ts";
import { admin, shared, stranger, user } from "../support/shared.ts";
import { type Refusal } from "../support/types.ts";

test("a right password gets a pair of tokens, which work and can be renewed once", async () => {
  const signedIn = await stranger().post("/auth/sign_in", { email: "ADMIN@example.com", password: ADMIN.password });
  expect(signedIn.status).toBe(200);
  expect(Object.keys(signedIn.body).sort()).toEqual(["access_token", "expires_in", "refresh_token"]);
  expect(signedIn.body.expires_in).toBe(1800);
  expect(signedIn.headers.get("cache-control")).toBe("no-store");

  const refresh = { refresh_token: signedIn.body.refresh_token as string };
  const next = await stranger().post("/auth/refresh_token", refresh);
  expect(next.status).toBe(200);
  const again = await stranger().post("/auth/refresh_token", refresh);
  expect(again.status).toBe(401);
  // somebody has the old one: everything that came of this sign-in ends
  const stolen = await stranger().with({ authorization: `Bearer ${next.body.access_token}` }).get("/users/me");
  expect(stolen.status).toBe(401);
});

test("a wrong password and an account that doesn't exist are told in the same words", async () => {
  const wrong = await stranger().post<Refusal>("/auth/sign_in", { email: ADMIN.email, password: "wrong" });
  const nobody = await stranger().post<Refusal>("/auth/sign_in", { email: "nobody@example.com", password: "wrong" });
  expect([wrong.status, nobody.status]).toEqual([401, 401]);
  expect(wrong.body.error).toBe(nobody.body.error);
  expect(wrong.headers.get("www-authenticate")).toBe("Bearer");
});

test("guessing at an account is slowed down", async () => {
  const guess = () => stranger().post<Refusal>("/auth/sign_in", { email: "guessed@example.com", password: "wrong" });
  const statuses: number[] = [];
  for (let tries = 0; tries < 12 && statuses.at(-1) !== 429; tries++) statuses.push((await guess()).status);
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
  expect(Number((await guess()).headers.get("retry-after"))).toBeGreaterThan(0);
});

test("without a token, or with a made-up one, nothing is told", async () => {
  for (const api of [stranger(), stranger().with({ authorization: "Bearer made-up" })]) {
    for (const path of ["/services", "/services/postgres-none", "/users/me", "/capabilities", "/events"]) {
      const answer = await api.get<Refusal>(path);
      expect(answer.status, path).toBe(401);
      expect(answer.body.request_id, path).toBe(answer.headers.get("x-request-id"));
    }
  }
  // a browser's session opens the console's pages and not the API
  const { name, value } = shared().cookie;
  expect((await stranger().with({ cookie: `${name}=${value}` }).get("/services")).status).toBe(401);
});

test("a personal token works until it is revoked, and is shown once", async () => {
  const made = await admin().post("/users/me/tokens", { label: "CI", expires_in_days: 7 });
  expect(made.status).toBe(201);
  expect(made.headers.get("location")).toBe(`/api/v1/users/me/tokens/${made.body.uuid}`);
  expect(made.headers.get("cache-control")).toBe("no-store");
  const bearer = stranger().with({ authorization: `Bearer ${made.body.token}` });
  expect((await bearer.get("/users/me")).body.email).toBe(ADMIN.email);

  const listed = await admin().get("/users/me/tokens");
  const mine = listed.body.find((token: { uuid: string }) => token.uuid === made.body.uuid);
  expect(Object.keys(mine).sort()).toEqual(["created_at", "expires_at", "label", "last_used_at", "uuid"]);
  expect(listed.text).not.toContain(made.body.token);

  expect((await admin().delete(`/users/me/tokens/${made.body.uuid}`)).status).toBe(204);
  expect((await bearer.get("/users/me")).status).toBe(401);
  expect((await admin().delete(`/users/me/tokens/${made.body.uuid}`)).status).toBe(404);
});

test("a token's fields are checked together", async () => {
  const refused = await admin().post<Refusal>("/users/me/tokens", { expires_in_days: 0, color: "red" });
  expect(refused.status).toBe(400);
  expect(refused.body.fields.map(({ field }) => field).sort()).toEqual(["color", "expires_in_days", "label"]);
});

test("a token of one user isn't another's to revoke", async () => {
  const { body } = await admin().post("/users/me/tokens", { label: "Mine" });
  const other = await user("other@example.com", "admin");
  expect((await other.delete(`/users/me/tokens/${body.uuid}`)).status).toBe(404);
  expect((await admin().delete(`/users/me/tokens/${body.uuid}`)).status).toBe(204);
});

test("who am I answers workspaces, roles and permissions", async () => {
  const me = await admin().get("/users/me");
  expect(me.status).toBe(200);
  expect(me.body.workspaces).toHaveLength(1);
  expect(Object.keys(me.body.workspaces[0]).sort()).toEqual(["name", "permissions", "role", "slug", "uuid"]);
  expect(me.body.workspaces[0].permissions).toContain("services:manage");
});

test("a workspace that isn't the caller's is not found, and one that is no uuid is refused", async () => {
  const me = await admin().get("/users/me");
  const mine = me.body.workspaces[0].uuid as string;
  expect((await admin().with({ "x-workspace-id": mine }).get("/services")).status).toBe(200);
  const foreign = await admin().with({ "x-workspace-id": "0192f0c1-2345-7abc-8def-0123456789ab" }).get<Refusal>("/services");
  expect(foreign.status).toBe(404);
  expect(foreign.body.error).toBe("Workspace not found");
  expect((await admin().with({ "x-workspace-id": "mine" }).get("/services")).status).toBe(400);
});
