import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

/** What every failed test said first, once more at the very end: of a long log often nothing but the end is kept. */
export default class Failures implements Reporter {
  private readonly said = new Map<string, string>();

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === test.expectedStatus || result.status === "skipped") return;
    const lines = result.errors.map(({ message }) => (message ?? "").split("\n").slice(0, 8).join("\n"));
    this.said.set(test.titlePath().filter(Boolean).join(" › "), [`${result.status} after ${result.duration} ms`, ...lines].join("\n"));
  }

  onEnd(): void {
    for (const [test, text] of this.said) console.log(`\n${test}\n${text.replace(/^/gm, "    ")}`);
  }
}
