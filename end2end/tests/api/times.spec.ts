import { expect, test } from "@playwright/test";
import { relativeWords } from "../../../frontend/page/times.ts";

test("how long ago is said in the largest unit that still says something", () => {
  const day = 86_400;
  const said = [-5, 0, 44, 45, 119, 3_599, 3_600, day - 1, day, 13 * day, 21 * day, 61 * day, 731 * day, -7_200].map(relativeWords);
  expect(said.join(" | ")).toBe(
    "now | now | now | 1 min ago | 1 min ago | 59 min ago | 1 h ago | 23 h ago | 1 day ago | 13 days ago | 3 weeks ago | 2 months ago | 2 years ago | in 2 h",
  );
});
