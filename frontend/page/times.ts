/** Times: the server writes the exact one, the browser says how long ago that is. */

const TICK = 15_000;

export function keepTimesRelative(): void {
  say();
  document.addEventListener("berth:drawn", say);
  setInterval(say, TICK);
}

function say(): void {
  for (const time of document.querySelectorAll("time")) {
    const at = Date.parse(time.dateTime);
    if (Number.isFinite(at)) time.textContent = relativeWords(Math.trunc((Date.now() - at) / 1000));
  }
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in the largest unit that still says something. Clocks differ a little: the near future is now. */
export function relativeWords(seconds: number): string {
  const away = Math.abs(seconds);
  const count = (unit: number, one: string, many: string) => {
    const n = Math.max(1, Math.trunc(away / unit));
    const words = `${n} ${n === 1 ? one : many}`;
    return seconds < 0 ? `in ${words}` : `${words} ago`;
  };
  if (away < 45) return "now";
  if (away < HOUR) return count(MINUTE, "min", "min");
  if (away < DAY) return count(HOUR, "h", "h");
  if (away < 14 * DAY) return count(DAY, "day", "days");
  if (away < 60 * DAY) return count(7 * DAY, "week", "weeks");
  if (away < 730 * DAY) return count(30 * DAY, "month", "months");
  return count(365 * DAY, "year", "years");
}
