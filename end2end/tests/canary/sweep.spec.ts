import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { Sweep, formsOf } from "../support/sweep.ts";

const SECRET = `pässword /with "all" & <sundry>+`;
const sweep = new Sweep([
  { kind: "a password", secret: SECRET },
  { kind: "a token", secret: "berth_0123456789abcdef" },
]);

// this file is read where its tests are only counted, too
let dir: string;
test.beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "berth-sweep-"))));
test.afterAll(() => rmSync(dir, { recursive: true }));

test("a secret is found in a file in each of its forms, and told by its kind", () => {
  const forms = [...formsOf(SECRET)];
  expect(forms.length).toBeGreaterThanOrEqual(13);
  for (const [form, bytes] of forms) {
    const name = form.replaceAll(" ", "-");
    writeFileSync(join(dir, name), Buffer.concat([Buffer.from("\0before "), bytes, Buffer.from(" after\0")]));
    expect(sweep.file("here", join(dir, name)), form).toContainEqual({ where: "here", kind: "a password", form });
  }
});

test("what other programs make of it is found, too", () => {
  const spellings = {
    base64: Buffer.from(`x${SECRET}y`).toString("base64"),
    base64url: Buffer.from(`xx${SECRET}yy`).toString("base64url"),
    bytea: `\\x${Buffer.from(`row ${SECRET} end`).toString("hex")}`,
    query: new URLSearchParams({ password: SECRET, next: "/" }).toString(),
    path: `/set-up/${encodeURIComponent(SECRET)}`,
    json: JSON.stringify({ inner: { password: SECRET } }),
    debug: `[${[...Buffer.from(`a${SECRET}`)].join(", ")}]`,
  };
  for (const [spelling, text] of Object.entries(spellings)) {
    expect(sweep.bytes(spelling, Buffer.from(text)).map(({ kind }) => kind), spelling).toContain("a password");
  }
});

test("one that lies across two pieces of a large file is found, and at its very end", () => {
  const piece = 8 * 1024 * 1024;
  const large = Buffer.alloc(2 * piece, "abcdefghijklmnopqrstuvwxyz ");
  large.write(SECRET, piece - 11);
  const path = join(dir, "large");
  writeFileSync(path, large);
  expect(sweep.file("large", path).map(({ form }) => form)).toEqual(["as it stands"]);
  writeFileSync(path, Buffer.concat([Buffer.alloc(piece + 3), Buffer.from(SECRET)]));
  expect(sweep.file("large", path)).toHaveLength(1);
});

test("nothing is found where there is nothing, and a find never holds the secret", () => {
  expect(sweep.bytes("nothing", Buffer.from(`${SECRET.slice(1)} berth_0123456789abcdeF`))).toEqual([]);
  const [find] = sweep.bytes("there", Buffer.from("Bearer berth_0123456789abcdef"));
  expect(find).toEqual({ where: "there", kind: "a token", form: "as it stands" });
  expect(JSON.stringify(find)).not.toContain("0123456789abcdef");
});
