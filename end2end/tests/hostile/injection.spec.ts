import { expect, test } from "@playwright/test";
import { type Answer, type Api } from "../support/api.ts";
import { admin, shared, stranger, user } from "../support/shared.ts";
import { type Project, type Refusal, type Service, type Var, details } from "../support/types.ts";
import { ask, call, endpoints, form, own } from "./ask.ts";
import { CANARY, CONTROL, FEW, NASTY, label } from "./nasty.ts";
import { faults, logged, rows, standing } from "./proof.ts";

/** What a database, a template or a stack says when a text has reached it. */
const INNARDS = /syntax error|invalid byte sequence|relation "|sqlx|panicked|at line \d+|No such file|\/root\/|backtrace/i;

test.describe.configure({ timeout: 180_000 });

let project: Project;
let service: Service;
let support: Api;
let before: object;
let since: number;

test.beforeAll(async () => {
  project = await admin().newProject(`Hostile texts ${process.pid}`);
  service = await admin().healthy({ project_id: project.uuid, label: "Target", ram_size: 128 });
  support = await user(`h01-${process.pid}@example.com`, "support");
  before = await standing(CANARY);
  since = logged();
});

// the gate of all of them: nothing was run, written or changed by the way, and nothing was our own fault
test.afterEach(async () => {
  expect(faults(since)).toEqual([]);
  expect(await standing(CANARY)).toEqual(before);
});

test.afterAll(async () => {
  await admin().remove(service.uuid);
  await admin().good(admin().delete(`/projects/${project.uuid}`));
});

/** Refused, with the field named and nothing of our inside told. */
function refused(answer: Answer<Refusal>, field: string, what: string): void {
  expect([400, 422], `${what}: ${answer.text}`).toContain(answer.status);
  expect(answer.body.fields.map(({ field }) => field), `${what}: ${answer.text}`).toContain(field);
  expect(answer.text.replace(JSON.stringify(what).slice(1, -1), ""), what).not.toMatch(INNARDS);
}

/** Every text through one verb: taken as it stands, or refused by the field's name. */
async function taken(field: string, verb: (text: string) => Promise<Answer>, read: (answer: Answer, text: string) => Promise<string> | string, texts = NASTY) {
  for (const text of texts) {
    const answer = await verb(text);
    const literal = label(text);
    if (literal === undefined) {
      refused(answer, field, text);
    } else {
      expect(answer.status, `${text}: ${answer.text}`).toBeLessThan(300);
      expect(await read(answer, text), text).toBe(literal);
    }
  }
}

test("H01 H05 a service's label is the text that was given, on create, and its names are ours", async () => {
  const made: string[] = [];
  await taken(
    "label",
    (text) => admin().post("/services", { service_type: "postgres", postgres_version: "17", project_id: project.uuid, label: text, ram_size: 64 }),
    async ({ body }) => {
      made.push(body.uuid);
      // deleted at once: most of them never start
      await admin().good(admin().delete(`/services/${body.uuid}`));
      // a DNS label, and what is derived of it
      expect(body.name).toMatch(/^postgres-[a-z0-9]{6}$/);
      const { database, username } = details(body);
      expect([database, username]).toEqual(Array<string>(2).fill(body.name.replace("-", "_")));
      return body.label;
    },
    FEW,
  );
  expect(made.length).toBeGreaterThan(6);
  const names = (all: Service[]) => all.map(({ uuid }) => uuid);
  await expect.poll(async () => names((await admin().get<Service[]>(`/services?project_id=${project.uuid}`)).body), { timeout: 60_000 }).toEqual([service.uuid]);
});

test("H02 and on update, and a search finds it by that very text alone", async () => {
  await taken(
    "label",
    (text) => admin().put(`/services/${service.uuid}`, { label: text }),
    async ({ body }, text) => {
      const found = await admin().good(admin().get<Service[]>(`/services?q=${encodeURIComponent(text)}`));
      expect(found.map(({ uuid }) => uuid), text).toEqual([service.uuid]);
      return body.label;
    },
  );
  await admin().good(admin().put(`/services/${service.uuid}`, { label: "Target" }));
});

test("H01 projects, on create and on rename, as JSON and as a form", async () => {
  const remove = async ({ body }: Answer) => {
    await admin().good(admin().delete(`/projects/${body.uuid}`));
    return body.name as string;
  };
  await taken("name", (name) => admin().post("/projects", { name }), remove);
  await taken("name", (name) => admin().post("/projects", new URLSearchParams({ name })), remove);
  const { uuid } = await admin().newProject("To be renamed");
  await taken("name", (name) => admin().put(`/projects/${uuid}`, { name }), async () => (await admin().good(admin().get<Project>(`/projects/${uuid}`))).name);
  await admin().good(admin().delete(`/projects/${uuid}`));
});

test("H01 a token's label", async () => {
  await taken(
    "label",
    (text) => admin().post("/users/me/tokens", { label: text, expires_in_days: 1 }),
    async ({ body }) => {
      await admin().good(admin().delete(`/users/me/tokens/${body.uuid}`));
      return body.label;
    },
  );
});

test("H02 a variable's value comes back byte for byte, whatever wrote it, and a key is a key", async () => {
  const path = `/projects/${project.uuid}/vars`;
  const stored = async () => (await admin().vars(project.uuid)).find(({ key }) => key === "NASTY")?.value;
  for (const text of NASTY) {
    const [asJson, asForm] = [{ key: "NASTY", value: text }, new URLSearchParams({ key: "NASTY", value: text })];
    if (text.includes("\0")) {
      for (const answer of [await admin().post<Refusal>(path, asJson), await admin().post<Refusal>(path, asForm), await admin().put<Refusal>(path, asJson)]) {
        refused(answer, "value", text);
      }
    } else {
      expect((await admin().good(admin().post<Var>(path, asForm))).value, text).toBe(text);
      expect(await stored(), text).toBe(text);
      expect((await admin().good(admin().put<Var>(path, asJson))).value, text).toBe(text);
      expect(await stored(), text).toBe(text);
      expect((await admin().delete(`${path}?key=nasty`)).status).toBe(204);
    }
    if (/^\w+$/.test(text) && text.length <= 128) continue;
    refused(await admin().post<Refusal>(path, { key: text, value: "x" }), "key", text);
    refused(await admin().put<Refusal>(path, { key: text, value: "x" }), "key", text);
    refused(await admin().delete<Refusal>(`${path}?key=${encodeURIComponent(text)}`), "key", text);
    refused(await admin().send<Refusal>("DELETE", path, { key: text }), "key", text);
  }
  expect(await admin().vars(project.uuid)).toEqual([]);
});

/** Fields of a new service, and the mode that they belong to. */
const FIELDS: [string[], object][] = [
  ["service_type project_id resource_id ram_size disk_size cpu_size postgres_version public_access environment_variables instances creation_mode".split(" "), {}],
  [
    "external_host external_port auth_type replication_username replication_password ca_crt tls_crt tls_key s3_enabled".split(" "),
    { creation_mode: "external_replica", external_host: "db.example.com", auth_type: "password", replication_username: "r", replication_password: "p" },
  ],
  [
    "s3_endpoint s3_bucket s3_path s3_access_key s3_secret_key s3_server_name".split(" "),
    { creation_mode: "external_replica", external_host: "db.example.com", auth_type: "tls", s3_enabled: "1" },
  ],
  ["mount_point storage_access disk_size label".split(" "), { service_type: "shared_storage", postgres_version: null, mount_point: "/data" }],
];
/** Texts without a form of their own: anything goes but control characters, and these modes aren't offered here. */
const FREE = ["replication_username", "replication_password", "s3_bucket", "s3_path", "s3_access_key", "s3_secret_key", "s3_server_name", "label"];

test("H02 every other field of a new service names itself, and what this installation hasn't is never begun", async () => {
  for (const [fields, mode] of FIELDS) {
    for (const field of fields) {
      for (const text of FEW) {
        const body = { service_type: "postgres", postgres_version: "17", project_id: project.uuid, label: "No", ...mode, [field]: text };
        const answer = await admin().post<Refusal>("/services", body);
        const fits = FREE.includes(field) && !CONTROL.test(text) && [...text].length <= (field === "label" ? 40 : 255);
        // what would be taken is refused for its mode
        refused(answer, !fits ? field : "service_type" in mode ? "service_type" : "creation_mode", text);
        if (/password|key/.test(field) && text.length > 6) expect(answer.text, field).not.toContain(JSON.stringify(text).slice(1, -1));
      }
    }
  }
  expect(await admin().good(admin().get<Service[]>(`/services?project_id=${project.uuid}`))).toHaveLength(1);
});

test("H02 every field of an update, a change of state, a reveal, a sign-in and a renewal", async () => {
  const at = `/services/${service.uuid}`;
  const reasons: string[] = [];
  for (const text of FEW) {
    for (const field of ["ram_size", "disk_size", "cpu_size", "instances", "public_access", "environment_variables", "project_id"]) {
      refused(await admin().put<Refusal>(at, { [field]: text }), field, text);
    }
    refused(await admin().put<Refusal>(at, { [text.replace(/\p{Cc}/gu, "").slice(0, 64) || "x"]: "x" }), text.replace(/\p{Cc}/gu, "").slice(0, 64), text);
    refused(await admin().patch<Refusal>(`${at}/state`, { state: text }), "state", text);
    refused(await admin().post<Refusal>("/users/me/tokens", { label: "x", expires_in_days: text }), "expires_in_days", text);

    const reason = text.trim();
    const revealed = await support.post<Refusal>(`${at}/reveal`, { reason: text });
    if (CONTROL.test(reason) || [...reason].length > 200) refused(revealed, "reason", text);
    else {
      expect(revealed.status, text).toBe(200);
      reasons.unshift(reason);
    }
    // each comes from an address of its own: nobody's attempts are used up
    const from = `127.0.1.${1 + FEW.indexOf(text)}`;
    const post = (path: string, body: object) => ask("POST", path, { from, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    for (const answer of [await post("/api/v1/auth/sign_in", { email: text, password: text }), await post("/api/v1/auth/refresh_token", { refresh_token: text })]) {
      expect([401, 422], `${text}: ${answer.text}`).toContain(answer.status);
      expect(answer.text, text).not.toMatch(INNARDS);
    }
  }
  const lines = await rows<{ reason: string }>(`select encode(convert_to(reason, 'UTF8'), 'hex') as reason from audit where reason is not null and entity_id = '${service.uuid}' order by id desc`);
  expect(lines.map(({ reason }) => Buffer.from(reason, "hex").toString())).toEqual(reasons);
  expect(await admin().service(service.uuid)).toMatchObject({ state: "healthy", label: "Target", ram_size: 128, disk_size: 1, cpu_size: 0.25 });
});

test("H02 every parameter of every list, and names that no list has", async () => {
  const document = (await stranger().get("/openapi.json")).body as { paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>> };
  let tried = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    const get = methods["get"];
    if (!get || path.endsWith("/events")) continue;
    const at = path.replace("/api/v1", "").replace("{id}", path.includes("projects") ? project.uuid : path.includes("operations/") ? service.operation!.uuid : path.includes("resources") ? service.resource_id : service.uuid);
    for (const { name } of (get.parameters ?? []).filter(({ in: where }) => where === "query")) {
      for (const text of FEW) {
        const answer = await admin().get<Refusal>(`${at}?${name}=${encodeURIComponent(text)}`);
        tried += 1;
        if (name === "q" && !CONTROL.test(text)) expect([answer.status, answer.body], `${at} ${text}`).toEqual([200, []]);
        else refused(answer, name, text);
      }
    }
    for (const text of FEW.filter((text) => text.length < 5_000)) {
      const answer = await admin().get<Refusal>(`${at}?${encodeURIComponent(text)}=1`);
      // what takes no parameters at all may leave them unread
      if (answer.status === 200) expect(at, text).toMatch(/^\/(capabilities|plans|regions|users\/me|services\/[^/]+|projects\/[^/]+|resources\/[^/]+|operations\/[^/]+)$/);
      // and a database has no apps, whatever is asked of them
      else expect([answer.status, answer.text], `${at} ${text}`).toEqual([at.endsWith("/apps") ? 422 : 400, expect.not.stringMatching(INNARDS)]);
    }
  }
  expect(tried).toBeGreaterThan(10 * FEW.length);
});

test("H01 what stands in a path is a name or names nothing", async () => {
  const document = (await stranger().get("/openapi.json")).body as { paths: Record<string, Record<string, unknown>> };
  const verbs = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const));
  const named = verbs.filter(([, path]) => path.includes("{id}"));
  expect(named.length).toBeGreaterThan(14);
  for (const [method, path] of named) {
    for (const text of FEW.filter((text) => text.length < 2_000)) {
      const at = path.replace("/api/v1", "").replace("{id}", encodeURIComponent(text));
      const answer = await admin().send<Refusal>(method as "GET", at, method === "GET" || method === "DELETE" ? undefined : {});
      // a body that says nothing may be refused before the path is looked at
      expect([404, 400], `${method} ${at}: ${answer.text}`).toContain(answer.status);
      expect(answer.text, at).not.toMatch(INNARDS);
    }
  }
  // dots that a client or a proxy would take away
  for (const at of ["/api/v1/services/../projects", "/api/v1/services/..%2f..%2fkey", "/pkg/../key", "/pkg/..%2f..%2fkey", "/..%2fkey", "/%2e%2e/key", "//key", "/pkg/x/..%5c..%5ckey"]) {
    const answer = await ask("GET", at, { headers: { authorization: `Bearer ${shared().token}` } });
    expect([400, 404], `${at}: ${answer.text}`).toContain(answer.status);
  }
});

test("H01 what stands in a header is taken as it is, or refused", async () => {
  const bytes = (text: string) => Buffer.from(text).toString("latin1");
  // a line's end or a NUL can't stand in a header: Node refuses to send it, and bodies.spec.ts sends it raw
  const sendable = NASTY.filter((text) => !/[\0\r\n\u001b]/.test(text) && text.length < 5_000).map(bytes);
  const headers = { authorization: `Bearer ${shared().token}`, "content-type": "application/json" };
  for (const text of sendable) {
    const get = (more: Record<string, string>) => ask("GET", "/api/v1/services?limit=1", { headers: { ...headers, ...more } });
    expect((await get({ "x-workspace-id": text })).status, text).toBe(400);
    expect((await get({ authorization: `Bearer ${text}` })).status, text).toBe(401);
    expect((await get({ cookie: text, "user-agent": text, referer: text, "accept-language": text, "x-forwarded-for": text })).status, text).toBe(200);
    const named = await get({ "x-request-id": text });
    expect(named.headers["x-request-id"], text).toMatch(/^[\w-]{1,64}$/);

    const body = JSON.stringify({ service_type: "postgres", postgres_version: "17", project_id: project.uuid, label: "x".repeat(41) });
    const keyed = await ask("POST", "/api/v1/services", { headers: { ...headers, "idempotency-key": text }, body });
    expect([400, 422], `${text}: ${keyed.text}`).toContain(keyed.status);
    const typed = await ask("POST", "/api/v1/services", { headers: { ...headers, "content-type": text }, body });
    expect(typed.status, text).toBe(415);
  }
  // a key is looked for and kept as it stands: two that SQL or a shell would take for one are two
  const key = `' or '1'='1 -- ${CANARY}`;
  const create = (key: string) => admin().with({ "idempotency-key": key }).post<Service>("/services", { service_type: "postgres", postgres_version: "17", project_id: project.uuid, label: "Keyed", ram_size: 64 });
  const [one, again, two] = [await create(key), await create(key), await create(`${key} `.replace("1 ", "2 "))];
  expect([one.status, again.status, two.status]).toEqual([201, 201, 201]);
  expect([again.body.uuid === one.body.uuid, two.body.uuid === one.body.uuid]).toEqual([true, false]);
  await Promise.all([admin().remove(one.body.uuid), admin().remove(two.body.uuid)]);
});

/** Arguments that each call takes; `text` stands where the nasty one goes. */
function calls(text: string): Record<string, object[]> {
  const page = { limit: null, cursor: null };
  const [id, none] = [service.name, "0192f0c1-2345-7abc-8def-0123456789ab"];
  const pages = [{ page: { limit: text } }, { page: { cursor: text } }];
  const on = (args: object) => [{ ...args, id: text }];
  return {
    list_tokens: pages,
    create_token: [{ new: { label: text, expires_in_days: "nonsense" } }],
    revoke_token: [{ token: text }],
    list_sessions: [],
    end_session: [{ session: text }],
    change_password: [{ change: { current_password: text, new_password: text } }],
    list_audit: [...pages.map((page) => ({ filter: { entity_id: null }, ...page })), { filter: { entity_id: text }, page }],
    capabilities: [],
    me: [],
    list_projects: pages,
    get_project: [{ project: text }],
    list_vars: [{ project: text, page }, ...pages.map((page) => ({ project: project.uuid, ...page }))],
    list_var_names: [{ project: text }],
    create_project: [{ fields: { name: text, more: text } }],
    rename_project: [{ project: text, fields: { name: text } }, { project: none, fields: { name: text } }],
    delete_project: [{ project: text }],
    create_var: [{ project: text, fields: { key: "A", value: "b" } }, { project: project.uuid, fields: { key: `${text}-`, value: text } }],
    update_var: [{ project: text, fields: { key: "A", value: "b" } }, { project: project.uuid, fields: { key: "NONE", value: text } }],
    delete_var: [{ project: text, key: { key: "A" } }, { project: project.uuid, key: { key: `${text}-` } }],
    list_resources: pages,
    get_resource: [{ resource: text }],
    list_pools: [],
    list_services: [{ filter: { q: text }, page }, { filter: { state: text }, page }, ...pages.map((page) => ({ filter: {}, ...page }))],
    get_service: on({}),
    create_service: [{ new: { label: text }, key: "x" }, { new: { service_type: "postgres", postgres_version: "17", project_id: none, label: "x" }, key: text }],
    rotate_password: on({}),
    preflight: [{ new: { external_host: text } }, { new: { external_host: "db.invalid", auth_type: "password", replication_username: text, replication_password: text } }],
    promote_external: on({}),
    create_replica: [...on({ new: {} }), { id, new: { ram_size: text, cpu_size: text } }],
    promote_replica: on({}),
    mount_app: [...on({ mount: { app_id: "deployment/web" } }), { id, mount: { app_id: text } }, { id, mount: { app_id: "deployment/web", mount_point: text, label: text } }],
    unmount_app: [...on({ unmount: { app_id: "deployment/web" } }), { id, unmount: { app_id: text } }],
    list_apps: on({}),
    service_replication: on({}),
    preview_service: [{ new: { label: text } }, { new: { service_type: "postgres", postgres_version: "17", project_id: none, label: text } }],
    update_service: [...on({ change: { label: text } }), { id, change: { label: text, ram_size: "nonsense" } }],
    delete_service: on({}),
    change_state: [...on({ change: { state: "process_stop" } }), { id, change: { state: text } }],
    retry_service: on({}),
    reveal: [...on({ why: {} }), { id, why: { reason: `${text}${"x".repeat(201)}` } }],
    test_connection: on({}),
    list_operations: [...on({ page }), ...pages.map((page) => ({ id, ...page }))],
    usual_create: [],
    service_log: [...on({ filter: { q: "", lines: 1 } }), { id, filter: { q: text, lines: 1 } }, { id, filter: { q: "", lines: text } }],
    service_live: on({}),
    put_back: on({}),
    service_members: on({}),
    service_metrics: [...on({ span: "hour" }), { id, span: text }],
  };
}

test("H02 every argument of every server function, and no function is left out", async () => {
  expect(Object.keys(calls("")).sort()).toEqual(endpoints());
  for (const text of FEW.filter((_, n) => n % 2 === 0)) {
    for (const [endpoint, variants] of Object.entries(calls(text))) {
      const good = { page: { limit: null, cursor: null } };
      // another workspace is not found, whatever the rest says
      const elsewhere = await call(endpoint, { ...good, ...variants[0], workspace: text });
      expect([404, 400], `${endpoint} in ${text}: ${elsewhere.text}`).toContain(elsewhere.status);
      for (const args of variants) {
        const answer = await call(endpoint, { ...args, workspace: "main" });
        const what = `${endpoint} ${JSON.stringify(args).slice(0, 200)}: ${answer.status} ${answer.text.slice(0, 300)}`;
        // lists and searches answer that there is nothing; everything else says no
        const reads = ["list_services", "list_var_names", "get_service", "get_project", "get_resource", "list_operations", "service_log"].includes(endpoint);
        expect(reads ? [200, 400, 404, 422] : [400, 404, 422], what).toContain(answer.status);
        expect(answer.text.replaceAll(JSON.stringify(text).slice(1, -1), ""), what).not.toMatch(INNARDS);
      }
    }
  }
  expect(await admin().service(service.uuid)).toMatchObject({ state: "healthy", label: "Target" });
});

test("H02 every form, and every page's query", async () => {
  const html = own({ accept: "text/html" });
  for (const text of FEW) {
    const from = `127.0.2.${1 + FEW.indexOf(text)}`;
    const encoded = encodeURIComponent(text);
    const answers = [
      await form("/sign-in", { email: text, password: text, next: text }, { from }),
      await form("/theme", { theme: text, back: text }),
      ...(text.length < 2_000 ? [await form(`/set-up/${encoded}`, { email: text, password: text }, { from })] : []),
    ];
    for (const answer of answers) {
      expect(answer.status, `${text}: ${answer.text}`).toBe(303);
      expect(answer.headers.location, text).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
      for (const cookie of answer.headers["set-cookie"] ?? []) expect(cookie, text).toMatch(/^theme=(light|dark|system|auto)?;/);
    }
    if (text.length > 2_000) continue;
    const queries = ["/w/main/services?q=", "/w/main/services?state=", "/w/main/services?cursor=", "/w/main/services?cursor=x&trail=", "/w/main/activity?cursor=", "/w/main/find?q=", `/w/main/services/${service.name}/logs?q=`, `/w/main/services/${service.name}/metrics?span=`, "/sign-in?next=", "/sign-in?e="];
    for (const query of queries) {
      const page = await ask("GET", query + encoded, { headers: html });
      expect(page.status, query + encoded).toBe(200);
      expect(page.text.replaceAll(text, ""), query + encoded).not.toMatch(INNARDS);
    }
    for (const path of [`/w/${encoded}/services`, `/w/main/services/${encoded}`, `/w/main/projects/${encoded}`, `/w/main/resources/${encoded}`, `/${encoded}`, `/events?workspace=${encoded}`]) {
      const page = await ask("GET", path, { headers: html });
      expect([404, 400], `${path}: ${page.text.slice(0, 200)}`).toContain(page.status);
    }
  }
});
