/** Asks again and again until the answer is there; what was seen last stands in the error. */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  good: (seen: T) => boolean,
  options: { within?: number; every?: number } = {},
): Promise<T> {
  const end = Date.now() + (options.within ?? 30_000);
  for (;;) {
    const seen = await look();
    if (good(seen)) return seen;
    if (Date.now() > end) throw new Error(`Waited for: ${what}. Seen last: ${JSON.stringify(seen)}`);
    await new Promise((done) => setTimeout(done, options.every ?? 100));
  }
}
