import { expect, test } from "@playwright/test";
import { binary, run } from "../support/binary.ts";
import { berth, shared } from "../support/shared.ts";

test("the probes answer what they promise and nothing about the machine", async () => {
  const ready = await fetch(`${shared().url}/readyz`);
  expect(await ready.json()).toMatchObject({ ready: true, runtime: { name: "local", healthy: true } });
  expect((await fetch(`${shared().url}/healthz`)).status).toBe(200);
});

test("users are listed and get new passwords from the shell, beside the console that runs", async () => {
  const added = await berth(["user", "add", "shell@example.com", "--role", "viewer"]);
  expect(added.code, added.stderr).toBe(0);
  const password = /^Password: (\S{20})$/m.exec(added.stdout)?.[1];
  expect(password).toBeDefined();
  const listed = await berth(["user", "list"]);
  expect(listed.stdout).toMatch(/^shell@example\.com\t\S+:viewer\t/m);
  const twice = await berth(["user", "add", "shell@example.com", "--role", "viewer"]);
  expect(twice.code).toBe(1);
  const short = await berth(["user", "reset", "shell@example.com", "--password-stdin"], "short\n");
  expect([short.code, short.stderr]).toEqual([1, expect.stringContaining("Password is too short (minimum is 12 characters)")]);
});

test("a wrong command line ends with 2 and says why", async () => {
  for (const args of [[], ["dance"], ["serve", "--listen", "somewhere"], ["serve", "--listen", "0.0.0.0:7340"]]) {
    const ran = await run(binary(), args);
    expect(ran.code, args.join(" ")).toBe(2);
    expect(ran.stderr, args.join(" ")).toMatch(/--help|--tls-cert/);
  }
});
