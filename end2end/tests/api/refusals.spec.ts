import { expect, test } from "@playwright/test";
import { SMALL, onKubernetes } from "../support/cluster.ts";
import { admin } from "../support/shared.ts";
import { type Refusal, type Service } from "../support/types.ts";

/** MiB of memory below which a database has no room. */
const LEAST = onKubernetes ? SMALL : 64;

let project: string;

test.beforeAll(async () => {
  project = (await admin().project()).uuid;
});

test("what has the wrong shape is a 400 with error", async () => {
  const refused = await admin().post<Refusal>("/services", { service_type: "postgres", project_id: project, postgres_version: "12" });
  expect(refused.status).toBe(400);
  expect(Object.keys(refused.body).sort()).toEqual(["error", "fields", "request_id"]);
  expect(refused.body.error).toBe("label is missing, postgres_version does not have a valid value");
  expect(refused.body.fields).toEqual([
    { field: "label", code: "missing", message: "label is missing" },
    { field: "postgres_version", code: "not_listed", message: "postgres_version does not have a valid value (13 to 18)" },
  ]);
  expect(refused.body.request_id).toBe(refused.headers.get("x-request-id"));
});

test("what breaks a rule is a 422 with errors", async () => {
  const body = { service_type: "postgres", project_id: project, postgres_version: "17", label: "ы".repeat(41), ram_size: 8 };
  const refused = await admin().post<Refusal>("/services", body);
  expect(refused.status).toBe(422);
  expect(Object.keys(refused.body).sort()).toEqual(["errors", "fields", "request_id"]);
  expect(refused.body.errors).toBe(`Label is too long (maximum is 40 characters), Ram size is too small (minimum is ${LEAST} MiB)`);
  expect(refused.body.fields.map(({ field, code }) => [field, code])).toEqual([
    ["label", "too_long"],
    ["ram_size", "too_small"],
  ]);
});

test("every problem of a request stands in one answer, shapes and rules alike", async () => {
  const body = {
    service_type: "postgres",
    project_id: "mine",
    label: "",
    ram_size: "much",
    disk_size: 0.1,
    cpu_size: -1,
    postgres_version: 99,
    public_access: "perhaps",
    instances: 2,
    mount_point: "/data",
    s3_bucket: "b",
    colour: "red",
  };
  const refused = await admin().post<Refusal>("/services", body);
  expect(refused.status).toBe(400);
  expect(refused.body.fields.map(({ field, code }) => `${field}: ${code}`).sort()).toEqual([
    "colour: unknown",
    "cpu_size: out_of_range",
    "disk_size: too_small",
    "instances: not_listed",
    "label: missing",
    "mount_point: not_allowed",
    "postgres_version: not_listed",
    "project_id: invalid",
    "public_access: not_listed",
    "ram_size: invalid",
    "s3_bucket: not_allowed",
  ]);
});

test("what doesn't fit is refused with the largest that does", async () => {
  const body = { service_type: "postgres", project_id: project, postgres_version: "17", label: "Huge", ram_size: 1_048_576 };
  const refused = await admin().post<Refusal>("/services", body);
  expect(refused.status).toBe(422);
  const largest = /^Ram size doesn't fit: \d+ MiB are free on .+; the largest that fits is (\d+)$/.exec(refused.body.errors ?? "")?.[1];
  expect(largest, refused.text).toBeDefined();
  expect((await admin().get("/services?q=Huge")).body).toEqual([]);
});

test("what this installation can't do is refused with the reason that capabilities give", async () => {
  const can = await admin().get("/capabilities");
  expect(can.status).toBe(200);
  expect(Object.keys(can.body).sort()).toEqual(
    "advisory cpu_size creation_modes disk_size instances postgres_versions public_access ram_size replicas runtime service_types storage_access".split(" "),
  );
  expect(can.body.runtime).toBe(onKubernetes ? "kubernetes" : "local");
  expect(can.body.ram_size).toEqual({ min: LEAST, max: 1048576, default: 256 });
  const versions = can.body.postgres_versions as { value: string; available: boolean }[];
  expect(versions.map(({ value }) => value)).toEqual(["18", "17", "16", "15", "14", "13"]);
  for (const { value, available, reason } of can.body.instances) {
    expect(available ? reason === null : reason.length > 0, value).toBe(true);
  }
  const missing = can.body.instances.find(({ value }: { value: string }) => value === "3");
  if (missing.available) return;
  const body = { service_type: "postgres", project_id: project, postgres_version: "17", label: "Three", instances: 3 };
  const refused = await admin().post<Refusal>("/services", body);
  expect(refused.status).toBe(422);
  expect(refused.body.errors).toBe(`Instances 3 isn't available here: ${missing.reason}`);
});

test("a project that isn't there is not found", async () => {
  const body = { service_type: "postgres", project_id: "0192f0c1-2345-7abc-8def-0123456789ab", postgres_version: "17", label: "Lost" };
  const refused = await admin().post<Refusal>("/services", body);
  expect(refused.status).toBe(404);
  expect(refused.body).toMatchObject({ error: "Project not found", fields: [] });
});

test("a body that can't be read is refused without repeating it", async () => {
  const type = (value: string) => admin().with({ "content-type": value });
  const text = '{"label": "secret-in-a-broken-body",';
  const broken = await type("application/json").post<Refusal>("/services", text);
  expect(broken.status).toBe(400);
  expect(broken.text).not.toContain("secret-in-a-broken-body");
  expect((await type("text/plain").post<Refusal>("/services", text)).status).toBe(415);
  const large = await type("application/json").post<Refusal>("/services", JSON.stringify({ label: "x".repeat(3_000_000) }));
  expect(large.status).toBe(413);
  for (const refused of [broken, large]) expect(refused.body.request_id).toBe(refused.headers.get("x-request-id"));
});

test("a form is read as JSON is", async () => {
  const fields = { service_type: "postgres", project_id: project, postgres_version: "17", label: "Форма & form", ram_size: String(SMALL), public_access: "0", environment_variables: "false" };
  const made = await admin().post<Service>("/services", new URLSearchParams(fields));
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ label: "Форма & form", ram_size: SMALL, environment_variables: false });
  await admin().remove(made.body.uuid);

  const bad = { ...fields, label: "ы".repeat(41), colour: "red" };
  const [form, json] = [await admin().post<Refusal>("/services", new URLSearchParams(bad)), await admin().post<Refusal>("/services", bad)];
  expect([form.status, json.status]).toEqual([400, 400]);
  expect(form.body.fields).toEqual(json.body.fields);
});

test("the same key and body make one service; the key with another body is refused", async () => {
  const key = admin().with({ "idempotency-key": `key-${Date.now()}` });
  const body = { service_type: "postgres", project_id: project, postgres_version: "17", label: "Once", ram_size: SMALL };
  const first = await key.post<Service>("/services", body);
  // read as the same request: a number as a text, a default spelt out
  const second = await key.post<Service>("/services", { ...body, ram_size: String(SMALL), instances: 1 });
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.body.uuid).toBe(first.body.uuid);
  expect((await key.post("/services", { ...body, label: "Twice" })).status).toBe(422);
  expect((await admin().get("/services?q=Once")).body).toHaveLength(1);
  await admin().remove(first.body.uuid);
});

test("an address that leads nowhere and a method that isn't there answer as the API does", async () => {
  const nowhere = await admin().get<Refusal>("/nowhere");
  expect(nowhere.status).toBe(404);
  expect(nowhere.body.request_id).toBe(nowhere.headers.get("x-request-id"));
  const method = await admin().patch<Refusal>("/services", {});
  expect(method.status).toBe(405);
  expect(method.headers.get("allow")).toMatch(/GET/);
});
