import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Locator } from "@playwright/test";
import { ACCOUNT, ACTIVITY, NEW, OVERVIEW, PROJECTS, RESOURCES, SERVICES, expect, open, test } from "../support/browser.ts";
import { binary, run } from "../support/binary.ts";
import { type Canary, records, secrets } from "../support/canary.ts";
import { ADMIN, Console } from "../support/console.ts";
import { metadata } from "../support/metadata.ts";
import { freePort } from "../support/ports.ts";
import { SHOWS } from "../support/received.ts";
import { admin, everyShared, shared, stranger, user } from "../support/shared.ts";
import { type Find, Sweep, list } from "../support/sweep.ts";

/** Where a secret may stand, and why. Nothing else may hold one. */
const ALLOWED: { where: RegExp; kind: RegExp; why: string }[] = [
  { where: /^key$/, kind: /^the key$/, why: "it opens every stored secret, and is kept apart from backups" },
  { where: /(^|\/)superuser(\.initial)?$/, kind: /^a superuser's password$/, why: "Berth itself signs in to its servers with it; mode 0600" },
  { where: /^the environment of the console$/, kind: /^the admin's password$/, why: "BERTH_ADMIN_PASSWORD is how the first admin is given" },
  ...Object.entries(SHOWS).map(([call, kind]) => ({ where: new RegExp(`^${call}$`), kind: new RegExp(`^${kind}$`), why: "it is what the call is for" })),
];

function forbidden(finds: Find[]): Find[] {
  return finds.filter(({ where, kind }) => !ALLOWED.some((allowed) => allowed.where.test(where) && allowed.kind.test(kind)));
}

test.describe.configure({ timeout: 300_000 });

let made: Sweep | undefined;

/** For everything that was noted and what lies beside it; made once for all that look for the same. */
function sweep(): Sweep {
  return (made ??= new Sweep(noted()));
}

function noted(): Canary[] {
  const all = secrets();
  for (const { dataDir } of everyShared()) {
    const key = readFileSync(join(dataDir, "key"), "utf8").trim();
    all.push(...[key, Buffer.from(key, "base64")].map((secret) => ({ kind: "the key", secret })));
    all.push(...superusers(dataDir).map((path) => ({ kind: "a superuser's password", secret: readFileSync(path, "utf8").trim() })));
  }
  return all;
}

test("secrets of every kind are alive while it is looked for them", async ({ page }) => {
  const project = await admin().newProject(`Canary ${Date.now()}`);
  await admin().good(admin().post(`/projects/${project.uuid}/vars`, { key: "CANARY", value: "canary & <value> of a variable" }));
  // it stays, so that its files are looked at
  const service = await admin().healthy({ project_id: project.uuid, label: "Canary", ram_size: 128, environment_variables: true });
  const someone = await user("canary@example.com", "member");
  await admin().good(someone.post("/auth/sign_in", { email: "canary@example.com", password: ADMIN.password }));
  await stranger().post("/auth/sign_in", { email: ADMIN.email, password: "canary, a password that is wrong" });

  await open(page, `${SERVICES}/${service.name}`);
  await page.getByRole("button", { name: "Reveal" }).click();
  await expect(page.getByRole("group", { name: /^the / })).not.toContainText("••••");
  await open(page, ACCOUNT);
  await page.getByRole("button", { name: "New token" }).click();
  const sheet = page.getByRole("dialog", { name: "New token" });
  await sheet.getByRole("textbox", { name: "Label" }).fill("Canary");
  await sheet.getByRole("button", { name: "Make it" }).click();
  await expect(sheet.getByText(/^berth_/)).toBeVisible();
  await open(page, `${PROJECTS}/${project.uuid}`);
  await page.getByRole("button", { name: "Add variable" }).click();
  const add: Locator = page.getByRole("dialog", { name: "Add a variable" });
  await add.getByRole("textbox", { name: "Name" }).fill("TYPED");
  await add.getByRole("textbox", { name: "Value" }).fill("canary typed into a form");
  await add.getByRole("button", { name: "Add it" }).click();
  await expect(page.getByRole("row").filter({ hasText: "TYPED" })).toBeVisible();

  const at = `${SERVICES}/${service.name}`;
  for (const path of [OVERVIEW, SERVICES, NEW, `${at}/logs`, `${at}/members`, `${at}/metrics`, `${at}/activity`, `${at}/settings`, PROJECTS, RESOURCES, ACTIVITY, "/w/main/find?q=canary"]) {
    await open(page, path);
  }
});

test("every kind of secret was seen, and much to look in", async () => {
  const many = (what: string, all: string[]) => all.filter((one) => one === what).length;
  const kinds = noted().map(({ kind }) => kind);
  console.log(`secrets: ${JSON.stringify(Object.fromEntries([...new Set(kinds)].map((kind) => [kind, many(kind, kinds)])))}`);
  for (const kind of ["the admin's password", "a password", "a value", "a token", "a access_token", "a refresh_token", "a session's cookie", "a superuser's password", "the key"]) {
    expect(many(kind, kinds), kind).toBeGreaterThan(0);
  }
  const places = records().map(({ where }) => where);
  console.log(`kept: ${places.length}, of them lost: ${many("lost", places)}`);
  const seen = (pattern: RegExp) => places.filter((where) => pattern.test(where)).length;
  for (const pattern of [/^GET \/w\/main/, /\.wasm$/, /\.js$/, /^POST \/call\//, /^the stream/, /^the arguments of a process/, /^the environment of a process/, /^the environment of the console/]) {
    expect(seen(pattern), String(pattern)).toBeGreaterThan(0);
  }
  // the browser lets go of what a page that has gone on received
  expect(many("lost", places)).toBeLessThan(places.length / 10);
});

test("H29 no secret stands in a file of the data directory, after a checkpoint", async () => {
  const { dataDir } = shared();
  for (const one of everyShared()) await metadata("checkpoint", one.dataDir);
  const planted = join(dataDir, "planted");
  const password = noted().find(({ kind }) => kind === "a password")!.secret;
  writeFileSync(planted, `\\x00${Buffer.from(password).toString("hex")}`);
  const began = performance.now();
  const { finds, files } = sweep().tree(dataDir);
  rmSync(planted);
  console.log(`${files} files in ${Math.round(performance.now() - began)} ms`);
  // it sees what is there
  expect(finds).toContainEqual({ where: "planted", kind: "a password", form: "in hex" });
  expect(finds.map(({ where }) => where)).toContain("key");
  expect(files).toBeGreaterThan(1_000);
  expect(readdirSync(join(dataDir, "services")).some((name) => existsSync(join(dataDir, "services", name, "data/pg_wal")))).toBe(true);
  const others = everyShared().filter((one) => one.dataDir !== dataDir).flatMap((one) => sweep().tree(one.dataDir).finds);
  expect(forbidden([...finds.filter(({ where }) => where !== "planted"), ...others])).toEqual([]);
});

test("H29 none is in the console's log, at its most talkative", async () => {
  for (const { dataDir } of everyShared()) {
    const log = `${dataDir}.log`;
    // the whole of it may be larger than Node reads at once
    expect((await run("head", ["-c", "10000000", log])).stdout.includes(" TRACE ")).toBe(true);
    expect(sweep().file("the log", log)).toEqual([]);
  }
});

test("H29 none is in the arguments or the environment of what the console starts, and the console itself has its admin's password only", async () => {
  const finds = records().filter(({ where }) => /^the (arguments|environment) /.test(where)).flatMap(({ where, path }) => sweep().file(where, path));
  expect(finds.map(({ where }) => where)).toContain("the environment of the console");
  expect(forbidden(finds)).toEqual([]);
});

test("H29 browsers received none but where they asked to see it", async () => {
  const received = records().filter(({ where }) => !/^the (arguments|environment) /.test(where));
  const finds = received.flatMap(({ where, path }) => sweep().file(where, path));
  for (const call of Object.keys(SHOWS)) expect(finds.map(({ where }) => where), call).toContain(call);
  expect(forbidden(finds)).toEqual([]);
});

test("H29 none is in the program", async () => {
  expect(sweep().file("the program", binary())).toEqual([]);
});

test("H29 a set-up link is shown once on the terminal, and is nowhere else", async () => {
  const metrics = await freePort();
  const settings = { BERTH_LOG: "trace", BERTH_ADMIN_EMAIL: undefined, BERTH_ADMIN_PASSWORD: undefined, BERTH_METRICS_LISTEN: `127.0.0.1:${metrics}` };
  const console_ = await Console.start(["17"], 10, { settings });
  try {
    const log = () => readFileSync(console_.logFile, "utf8");
    const link = /\/set-up\/(\S+)/.exec(log())?.[1];
    expect(link).toBeDefined();
    const page = await fetch(`${console_.url}/set-up/${link}`);
    expect(page.status).toBe(200);
    const form = new URLSearchParams({ email: ADMIN.email, password: "canary of the first admin" });
    const done = await fetch(`${console_.url}/set-up/${link}`, { method: "POST", body: form, headers: { origin: console_.url }, redirect: "manual" });
    expect(done.status).toBe(303);
    const cookie = /=([^;]+)/.exec(done.headers.get("set-cookie") ?? "")?.[1];
    const signedIn = await console_.api().signIn(ADMIN.email, "canary of the first admin");
    const sweep = new Sweep([
      { kind: "the link", secret: link! },
      { kind: "the admin's password", secret: "canary of the first admin" },
      { kind: "a session's cookie", secret: cookie! },
      { kind: "an access_token", secret: signedIn.token! },
    ]);
    expect(forbidden(sweep.tree(console_.dataDir).finds)).toEqual([]);
    // the one line that shows it
    const shown = log().split("\n").filter((line) => line.includes(link!));
    expect(shown).toEqual([`  ${console_.url}/set-up/${link}`]);
    expect(sweep.bytes("the log", Buffer.from(log().replace(shown[0]!, "")))).toEqual([]);
    // the form leads where the page is
    expect(sweep.bytes("the page", Buffer.from((await page.text()).replace(`action="/set-up/${link}"`, "")))).toEqual([]);
    expect(sweep.bytes("the metrics", Buffer.from(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()))).toEqual([]);
  } finally {
    await console_.end();
  }
});

/** Where the servers' superusers have their passwords: the console's own server, those of services, and the templates. */
function superusers(dataDir: string): string[] {
  return list(dataDir).filter((path) => /\/superuser(\.initial)?$/.test(path));
}
