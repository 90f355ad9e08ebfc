import { defineConfig } from "@playwright/test";

/** One test, of the whole API: `npx playwright test --config schemathesis`. It has a console of its own. */
export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  workers: 1,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: [["list"]],
  // schemathesis ends by itself; it may take hours where that many cases are wanted
  timeout: 0,
});
