/**
 * Base64url without padding (RFC 4648 section 5) of UTF-8 text. Our own, because neither `Buffer` nor `btoa` exists in
 * all three places where the protocol runs.
 */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function textToBase64Url(text: string): string {
  return bytesToBase64Url(utf8Bytes(text));
}

/** `undefined` unless `encoded` is canonical base64url of well-formed UTF-8. */
export function base64UrlToText(encoded: string): string | undefined {
  const bytes = base64UrlToBytes(encoded);
  if (bytes === undefined) return undefined;
  try {
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
  } catch {
    return undefined;
  }
}

function utf8Bytes(text: string): number[] {
  const escaped = encodeURIComponent(text.toWellFormed());
  const bytes: number[] = [];
  for (let at = 0; at < escaped.length; at++) {
    if (escaped[at] === "%") {
      bytes.push(Number.parseInt(escaped.slice(at + 1, at + 3), 16));
      at += 2;
    } else {
      bytes.push(escaped.charCodeAt(at));
    }
  }
  return bytes;
}

function bytesToBase64Url(bytes: readonly number[]): string {
  // Joined at once: what is put together character by character stays as many pieces for as long as it is kept.
  const characters: (string | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.slice(at, at + 3);
    const bits = ((group[0] ?? 0) << 16) | ((group[1] ?? 0) << 8) | (group[2] ?? 0);
    for (let sextet = 0; sextet <= group.length; sextet++) characters.push(alphabet[(bits >> (18 - 6 * sextet)) & 63]);
  }
  return characters.join("");
}

function base64UrlToBytes(encoded: string): number[] | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const char of encoded) {
    const value = alphabet.indexOf(char);
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes.push((bits >> held) & 255);
    }
  }
  const isCanonical = held < 6 && (bits & ((1 << held) - 1)) === 0;
  return isCanonical ? bytes : undefined;
}
