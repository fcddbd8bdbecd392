import { AppError } from "../../base/appError.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { ParsedHostUrl } from "./hosts.ts";

const schemes: Readonly<Record<string, "ws:" | "wss:">> = {
  "ws:": "ws:",
  "wss:": "wss:",
  "http:": "ws:",
  "https:": "wss:",
};
const tokenParameters = ["tkn", "token"];
const maxLength = 2048;

/**
 * What a person typed or pasted, as the address of a host. A token inside is taken out, to be stored as a secret. Plain
 * `ws:` is allowed to this machine only: elsewhere the token and everything said would travel in the open.
 */
export function parseHostUrl(text: string): Result<ParsedHostUrl, AppError> {
  const typed = text.trim();
  if (typed === "") return invalid("Type the address of a host, for example wss://agents.example.com.");
  if (typed.length > maxLength || hasControls(typed)) return invalid("This is not an address of a host.");
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `${bareScheme(typed)}//${typed}`);
  if (url === null || url.hostname === "") {
    return invalid("This is not an address of a host. It looks like wss://agents.example.com or ws://127.0.0.1:8123.");
  }
  const scheme = Object.hasOwn(schemes, url.protocol) ? schemes[url.protocol] : undefined;
  if (scheme === undefined)
    return invalid("Muster can't use {0} addresses. Use wss:// (or ws:// on this machine).", url.protocol);
  if (scheme === "ws:" && !isLoopback(url.hostname)) {
    return err(
      new AppError(
        "host.untrustedAddress",
        "The connection to {0} would not be encrypted, so your token could be read on the way. Use wss://, or a tunnel to 127.0.0.1.",
        { values: [url.hostname] },
      ),
    );
  }
  const token = takeToken(url);
  const path = url.pathname === "/" ? "" : url.pathname;
  return ok({ url: `${scheme}//${url.host}${path}${url.search}`, token, name: url.host });
}

/** Without a scheme, this machine is reached in the open and any other only encrypted. */
function bareScheme(typed: string): string {
  const url = URL.parse(`ws://${typed}`);
  return url !== null && isLoopback(url.hostname) ? "ws:" : "wss:";
}

function takeToken(url: URL): string | undefined {
  const fromQuery = tokenParameters.map((name) => url.searchParams.get(name)).find((value) => value !== null);
  for (const name of tokenParameters) url.searchParams.delete(name);
  const fromUser = decodeSafely(url.password) || decodeSafely(url.username);
  return fromQuery || fromUser || undefined;
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `URL` has normalised the name by then: lower case, IPv4 in four parts, IPv6 in brackets. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function hasControls(text: string): boolean {
  return /[\p{Cc}\p{Cf}\s\\]/u.test(text);
}

function invalid(sentence: string, ...values: readonly string[]): Result<never, AppError> {
  return err(new AppError("request.invalid", sentence, { values }));
}
