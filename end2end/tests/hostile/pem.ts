import { type KeyObject, generateKeyPairSync, sign } from "node:crypto";

/** DER, as far as a certificate needs it (X.690, RFC 5280). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const number = (value: number) => der(0x02, Buffer.from([value]));
const ED25519 = sequence(der(0x06, Buffer.from([0x2b, 0x65, 0x70])));
const COMMON_NAME = der(0x06, Buffer.from([0x55, 0x04, 0x03]));
const time = (year: number) => der(0x18, Buffer.from(`${year}0101000000Z`));

/** A text in a PEM frame. */
export function framed(kind: string, body: Buffer | string): string {
  const text = (typeof body === "string" ? body : body.toString("base64")).replace(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${kind}-----\n${text}\n-----END ${kind}-----\n`;
}

export interface Pair {
  certificate: string;
  der: Buffer;
  key: string;
  keys: { publicKey: KeyObject; privateKey: KeyObject };
}

/** A certificate that its own key has signed, good from the first of one year to that of another. */
export function pair(from = 2020, to = 2120): Pair {
  const keys = generateKeyPairSync("ed25519");
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from("hostile")))));
  const spki = keys.publicKey.export({ type: "spki", format: "der" });
  const signed = sequence(der(0xa0, number(2)), number(1), ED25519, name, sequence(time(from), time(to)), name, spki);
  const whole = sequence(signed, ED25519, der(0x03, Buffer.from([0]), sign(null, signed, keys.privateKey)));
  const key = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { certificate: framed("CERTIFICATE", whole), der: whole, key, keys };
}
