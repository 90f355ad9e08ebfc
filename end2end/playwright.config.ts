import { defineConfig } from "@playwright/test";
import { onKubernetes } from "./tests/support/cluster.ts";
import { chromium } from "./tests/support/chromium.ts";

/**
 * Closing a page while it moves on hangs where Chromium swaps the frame under it (crbug.com/536385539, Playwright's #42068:
 * 54 of 60 times here, none of 60 without). Only the last list of features counts; the others are those of Playwright's own
 * that matter on loopback.
 */
const WITHOUT = ["RenderDocument", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "PaintHolding"];

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
      `--disable-features=${WITHOUT.join(",")}`,
    ],
  },
  // no trace: with one, every page takes half as long again; `npx playwright test --trace on` records it
  screenshot: "only-on-failure" as const,
};

/** Minutes pass in each of them: they run where they are asked for, as by `make test-long`. */
const long = process.env["BERTH_LONG"] === "1" ? [{ name: "long", testDir: "./tests/long" }] : [];

/** What both runtimes offer: it is promised of either, and tried on either. */
const BOTH = {
  api: ["events", "lists", "refusals", "roles", "rotate", "service", "vars"],
  browser: ["create", "owner", "roles", "settings", "watching"],
};
const of = (suite: keyof typeof BOTH) => BOTH[suite].map((spec) => `**/${spec}.spec.ts`);

/** What `make bench` asks for. */
const bench = process.env["BERTH_BENCH"] === "1" ? [{ name: "bench", testDir: "./tests/bench", use: browser }] : [];

/** Pods take longer to come and go than processes. */
const kubernetes = [
  { name: "kubernetes", testDir: "./tests/kubernetes", use: browser },
  { name: "api", testDir: "./tests/api", testMatch: of("api"), timeout: 600_000 },
  { name: "browser", testDir: "./tests/browser", testMatch: of("browser"), timeout: 600_000, use: browser },
  // for all of them there is one operator, which it sends away
  { name: "operator", testDir: "./tests/operator", dependencies: ["kubernetes", "api", "browser"] },
  ...bench,
];

const projects = [
  { name: "api", testDir: "./tests/api" },
  { name: "browser", testDir: "./tests/browser", use: browser },
  { name: "no-script", testDir: "./tests/no-script", use: { ...browser, javaScriptEnabled: false } },
  { name: "hostile", testDir: "./tests/hostile", use: browser },
  // what the others have seen, sought in all that is left of it
  { name: "canary", testDir: "./tests/canary", use: browser, dependencies: ["api", "browser", "no-script", "hostile"] },
  { name: "crash", testDir: "./tests/crash", timeout: 180_000 },
  ...long,
];

export default defineConfig({
  globalSetup: "./tests/support/setup.ts",
  outputDir: "./test-results",
  // each has a console of its own
  workers: 2,
  fullyParallel: false,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: [["list"], ["./tests/support/reporter.ts"]],
  timeout: 60_000,
  expect: { timeout: onKubernetes ? 120_000 : 10_000 },
  projects: onKubernetes ? kubernetes : projects,
});
