/** The name of a file that something makes where a text is taken for a command or a path. */
export const CANARY = `h01c${process.pid}`;

/** Texts that do something wherever they aren't taken for one. Short ones fit a label. */
export const NASTY: string[] = [
  // a shell
  `$(touch /tmp/${CANARY})`,
  `\`touch /tmp/${CANARY}\``,
  `x; touch /tmp/${CANARY} #`,
  `x || touch /tmp/${CANARY}`,
  `x > /tmp/${CANARY}`,
  `' "; exec sh`,
  "--help",
  "-c log_statement=all",
  "$HOME ${PATH} !! ~",
  // SQL
  "'; drop table services cascade; --",
  `"; drop table users cascade; --`,
  "$$; drop table projects cascade; $$",
  "' or '1'='1",
  "x' union select 1 --",
  "\\'; select pg_sleep(30); --",
  "%_%",
  // paths
  `../../../../tmp/${CANARY}`,
  `/tmp/${CANARY}`,
  `..\\..\\${CANARY}`,
  `%2e%2e%2f${CANARY}`,
  "file:///etc/passwd",
  // what ends a line
  "a\nb",
  "a\r\nSet-Cookie: berth=evil",
  "a\u0085b",
  "a\u2028b\u2029c",
  "a\tb",
  // what a trim takes
  " \u00a0padded\u2003 ",
  // what ends a text
  "a\0b",
  "a%00b",
  "\u001b[2Jgone",
  // what looks like another text
  "\u202elive\u202c",
  "\u2066a\u2069\u200b",
  "postgre\u0455",
  // formats and templates
  "%s%n%x%1$s",
  "{0}{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
  "${jndi:ldap://127.0.0.1:1/x}",
  // what is large or odd
  "e\u0301\ufdfa\u{1f600}\u{10ffff}",
  "x".repeat(10_000),
  "\u{1f600}".repeat(41),
];

/** One of each class, where every field of every verb gets them. */
export const FEW = NASTY.filter((text) => [`$(touch /tmp/${CANARY})`, "'; drop", "\\';", "%_%", "../..", "a\r\n", "a\0", "a%00", "\u202e", "{0}", "e\u0301", "xxx"].some((start) => text.startsWith(start)));

export const CONTROL = /\p{Cc}/u;

/** What a label, a name of a project or of a token has to make of a text: the text itself, or nothing. */
export function label(text: string): string | undefined {
  const trimmed = text.trim();
  return [...trimmed].length <= 40 && !CONTROL.test(trimmed) ? trimmed : undefined;
}
