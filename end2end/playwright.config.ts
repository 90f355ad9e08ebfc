import { defineConfig } from "@playwright/test";
import { chromium } from "./tests/support/chromium.ts";

/** Chromium only: one engine that every Linux packages; nothing is downloaded. */
const browser = {
  browserName: "chromium" as const,
  headless: true,
  launchOptions: {
    executablePath: chromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
  trace: "retain-on-failure" as const,
  screenshot: "only-on-failure" as const,
};

/** Minutes pass in each of them: they run where they are asked for, as by `make test-long`. */
const long = process.env["BERTH_LONG"] === "1" ? [{ name: "long", testDir: "./tests/long" }] : [];

export default defineConfig({
  globalSetup: "./tests/support/setup.ts",
  outputDir: "./test-results",
  // they share one console, and the machine's memory
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: [["list"]],
  timeout: 60_000,
  expect: { timeout: 10_000 },
  projects: [
    { name: "api", testDir: "./tests/api" },
    { name: "browser", testDir: "./tests/browser", use: browser },
    { name: "no-script", testDir: "./tests/no-script", use: { ...browser, javaScriptEnabled: false } },
    { name: "hostile", testDir: "./tests/hostile", use: browser },
    // what the others have seen, sought in all that is left of it
    { name: "canary", testDir: "./tests/canary", use: browser, dependencies: ["api", "browser", "no-script", "hostile"] },
    { name: "crash", testDir: "./tests/crash", timeout: 180_000 },
    ...long,
  ],
});
