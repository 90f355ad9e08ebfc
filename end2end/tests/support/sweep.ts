import { type Dirent, closeSync, openSync, readSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { type Canary } from "./canary.ts";

/** Read at once of a file. */
const CHUNK = 8 * 1024 * 1024;
/** The window that is looked up at every byte: so many bytes in the middle of a form, where those of a kind differ. */
const WINDOW = 4;
const TABLE = 2 ** 22;

/** Where something was found, what it is and how it is written: never the secret itself. */
export interface Find {
  where: string;
  kind: string;
  form: string;
}

interface Form {
  kind: string;
  form: string;
  bytes: Buffer;
  /** Where its window begins. */
  at: number;
}

/** Looks for secrets, in every form that text takes on its way through a program. */
export class Sweep {
  private readonly forms = new Map<number, Form[]>();
  /** Windows that some form has, by a hash: most bytes are passed over by one look. */
  private readonly windows = new Uint8Array(TABLE);
  private longest = 0;
  /** One for all files: most are small. */
  private readonly piece: Buffer;

  constructor(canaries: Canary[]) {
    for (const { kind, secret } of canaries) {
      for (const [form, bytes] of formsOf(secret)) {
        const at = Math.floor((bytes.length - WINDOW) / 2);
        const key = bytes.readInt32LE(at);
        const same = this.forms.get(key) ?? [];
        same.push({ kind, form, bytes, at });
        this.forms.set(key, same);
        this.windows[hash(key)] = 1;
        this.longest = Math.max(this.longest, bytes.length);
      }
    }
    this.piece = Buffer.allocUnsafe(CHUNK + this.longest);
  }

  bytes(where: string, bytes: Buffer): Find[] {
    const found = new Map<string, Find>();
    let key = 0;
    for (let n = 0; n < bytes.length; n++) {
      key = (key >>> 8) | (bytes[n]! << 24);
      if (n < WINDOW - 1 || this.windows[hash(key)] === 0) continue;
      for (const { kind, form, bytes: wanted, at } of this.forms.get(key) ?? []) {
        const from = n - WINDOW + 1 - at;
        if (from < 0 || from + wanted.length > bytes.length) continue;
        if (wanted.compare(bytes, from, from + wanted.length) === 0) found.set(`${kind} ${form}`, { where, kind, form });
      }
    }
    return [...found.values()];
  }

  /** A file in pieces that overlap. One that has gone since holds nothing any more. */
  file(where: string, path: string): Find[] {
    const found = new Map<string, Find>();
    let file: number;
    try {
      file = openSync(path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
    try {
      const { piece } = this;
      let held = 0;
      for (;;) {
        const read = readSync(file, piece, held, CHUNK, null);
        if (read === 0) return [...found.values()];
        for (const find of this.bytes(where, piece.subarray(0, held + read))) found.set(`${find.kind} ${find.form}`, find);
        const end = held + read;
        held = Math.min(end, this.longest);
        piece.copyWithin(0, end - held, end);
      }
    } finally {
      closeSync(file);
    }
  }

  /** Every file below a directory, and how many they are. */
  tree(dir: string): { finds: Find[]; files: number } {
    const files = list(dir);
    return { finds: files.flatMap((path) => this.file(relative(dir, path), path)), files: files.length };
  }
}

function hash(key: number): number {
  return (Math.imul(key, 0x9e3779b1) >>> 10) & (TABLE - 1);
}

/** A text as it stands, in URLs and forms, in JSON and HTML, as a database and a program print bytes, and in base64. Bytes that are no text have the last ones only. */
export function formsOf(secret: string | Buffer): Map<string, Buffer> {
  const bytes = Buffer.from(secret);
  const forms: [string, Buffer][] = [["as it stands", bytes], ...(typeof secret === "string" ? texts(secret) : []), ...encoded(bytes)];
  // the first name that a form has is the plainest
  const once = new Map(forms.reverse().map(([form, bytes]) => [bytes.toString("latin1"), { form, bytes }]));
  return new Map([...once.values()].map(({ form, bytes }) => [form, bytes]));
}

function texts(secret: string): [string, Buffer][] {
  const bytes = Buffer.from(secret);
  const percent = (plain: RegExp) => [...bytes].map((b) => (plain.test(String.fromCharCode(b)) ? String.fromCharCode(b) : `%${hex(b)}`)).join("");
  const texts = {
    "percent-encoded": encodeURIComponent(secret),
    "percent-encoded, strictly": percent(/[A-Za-z0-9]/),
    "percent-encoded throughout": percent(/(?!)/),
    "as a form": new URLSearchParams({ a: secret }).toString().slice(2),
    "in JSON": JSON.stringify(secret).slice(1, -1),
    "in HTML": secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  };
  return Object.entries(texts).map(([form, text]) => [form, Buffer.from(text)]);
}

function encoded(bytes: Buffer): [string, Buffer][] {
  const texts: Record<string, string> = {
    "in hex": bytes.toString("hex"),
    "in HEX": bytes.toString("hex").toUpperCase(),
    "as a list of numbers": [...bytes].join(", "),
  };
  for (const shift of [0, 1, 2]) {
    const text = inBase64(bytes, shift);
    texts[`in base64, ${shift} bytes on`] = text;
    texts[`in base64 for URLs, ${shift} bytes on`] = text.replaceAll("+", "-").replaceAll("/", "_");
  }
  return Object.entries(texts).map(([form, text]) => [form, Buffer.from(text)]);
}

/** The letters that a text has in base64 wherever so many bytes, or three more, stand before it; those that its neighbours touch are left out. */
function inBase64(bytes: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes]);
  return whole.toString("base64").slice(Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6));
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}

/** Every file below a directory; what is deleted meanwhile is none. */
export function list(dir: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? list(path) : entry.isFile() ? [path] : [];
  });
}
