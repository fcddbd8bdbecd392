import { existsSync } from "node:fs";
import { AppError } from "../../base/appError.ts";
import { isRole, ROLES } from "../access/rights.ts";
import {
  createToken,
  findToken,
  lastUsed,
  readTokens,
  removeToken,
  SESSION_SCOPES,
  type StoredToken,
  tokenDirectory,
  writeToken,
} from "../access/tokenFile.ts";
import { makeOwnersToken, OWNER, ownersFile, readOrCreateToken, rotateToken } from "../gateway/accessToken.ts";
import type { CliOptions } from "./arguments.ts";
import { parseDuration } from "./duration.ts";
import { EXIT } from "./exitCodes.ts";

/** What is typed after `muster-host token`. */
export interface TokenWords {
  /** Subcommand, and what it is about. */
  readonly words: readonly string[];
  readonly user: string | undefined;
  readonly role: string | undefined;
  readonly sessions: string | undefined;
  readonly label: string | undefined;
  readonly expires: string | undefined;
  readonly overlap: string | undefined;
}

type Print = (line: string) => void;

/** While both tokens are good after a rotation, unless told. */
const overlapMs = 60 * 60_000;

/**
 * Makes, lists, revokes and rotates tokens, also of a host that runs: it notices within seconds. A new token is printed
 * once and kept nowhere. Without a subcommand it is about the owner's token.
 */
export function tokenCommand(options: CliOptions, nowMs: number, print: Print): number {
  const directory = tokenDirectory(options.data);
  const { words } = options.token;
  const [verb, id, ...rest] = words;
  if (rest.length > 0) throw usage(words);
  switch (verb) {
    case undefined:
      checkOwners(options.token);
      print(ownersToken(options));
      return EXIT.done;
    case "create":
      if (id !== undefined) throw usage(words);
      print(create(directory, options.token, nowMs));
      return EXIT.done;
    case "list":
      if (id !== undefined) throw usage(words);
      list(directory, options.json, nowMs, print);
      return EXIT.done;
    case "revoke":
      removeToken(directory, idOf(id));
      return EXIT.done;
    case "rotate":
      print(rotate(directory, idOf(id), options.token, nowMs));
      return EXIT.done;
    default:
      throw usage(words);
  }
}

/** The owner's token opens everything: nobody gets it who has forgotten a word. */
function checkOwners({ user, role, sessions, label, expires, overlap }: TokenWords): void {
  if ([user, role, sessions, label, expires, overlap].every((given) => given === undefined)) return;
  throw new AppError(
    "request.invalid",
    'This is about a token of somebody else. Write "token create" or "token rotate ID".',
  );
}

/** The one in the file that was named; without a file, another one, because the former is nowhere. */
function ownersToken({ data, tokenFile, rotate: isRotated }: CliOptions): string {
  if (tokenFile !== undefined) return isRotated ? rotateToken(tokenFile) : readOrCreateToken(tokenFile);
  if (isRotated || !existsSync(ownersFile(data))) return makeOwnersToken(data);
  throw new AppError(
    "conflict",
    'The owner\'s token was shown when it was made. "muster-host token --rotate" makes another in its place; "muster-host token create" one beside it.',
  );
}

function create(directory: string, given: TokenWords, nowMs: number): string {
  const { user, role, sessions = "own", label } = given;
  if (user === undefined) throw new AppError("request.invalid", "Say whose token it is with --user NAME.");
  if (user === OWNER) {
    throw new AppError("request.invalid", `"${OWNER}" is the user of the host's first token. Choose another name.`);
  }
  if (!isRole(role)) throw new AppError("request.invalid", `Say what it is for with --role: ${ROLES.join(", ")}.`);
  const scope = SESSION_SCOPES.find((each) => each === sessions);
  if (!scope) throw new AppError("request.invalid", `--sessions is one of ${SESSION_SCOPES.join(", ")}.`);
  const terms = { user, role, sessions: scope, label, expiresAt: expiry(given.expires, nowMs) };
  return createToken(directory, terms, nowMs).token;
}

/** The other token may do the same; the former ends after a while, so that nothing is down in between. */
function rotate(directory: string, id: string, given: TokenWords, nowMs: number): string {
  const former = findToken(directory, id);
  const { user, role, sessions, label } = former;
  const span = given.overlap === undefined ? overlapMs : parseDuration(given.overlap);
  const ends = Math.min(
    nowMs + span,
    former.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(former.expiresAt),
  );
  const expiresAt = expiry(given.expires, nowMs) ?? renewed(former, nowMs);
  const { token } = createToken(directory, { user, role, sessions, label, expiresAt }, nowMs);
  writeToken(directory, { ...former, expiresAt: new Date(ends).toISOString() });
  return token;
}

/** As long from its beginning as the former had. */
function renewed({ createdAt, expiresAt }: StoredToken, nowMs: number): string | undefined {
  if (expiresAt === undefined) return undefined;
  return new Date(nowMs + Math.max(0, Date.parse(expiresAt) - Date.parse(createdAt))).toISOString();
}

function list(directory: string, isJson: boolean, nowMs: number, print: Print): void {
  const tokens = readTokens(directory);
  if (tokens.length === 0 && !isJson) print(`There are no tokens in ${directory} but the owner's.`);
  for (const { hash: _hash, ...token } of tokens) {
    const used = lastUsed(directory, token.id);
    const isExpired = token.expiresAt !== undefined && Date.parse(token.expiresAt) <= nowMs;
    if (isJson) {
      print(JSON.stringify({ ...token, isExpired, ...(used !== undefined && { lastUsedAt: used }) }));
      continue;
    }
    const scope = token.role === "admin" ? "all" : token.sessions;
    const until =
      token.expiresAt === undefined ? "never expires" : `${isExpired ? "EXPIRED" : "expires"} ${token.expiresAt}`;
    const facts = [`created ${token.createdAt}`, until, used === undefined ? "never used" : `used ${used}`];
    const label = token.label === undefined ? "" : `  ${JSON.stringify(token.label)}`;
    print(`${token.id}  ${token.user}  ${token.role}  ${scope} sessions  ${facts.join(", ")}${label}`);
  }
}

function expiry(text: string | undefined, nowMs: number): string | undefined {
  return text === undefined ? undefined : new Date(nowMs + parseDuration(text)).toISOString();
}

function idOf(id: string | undefined): string {
  if (id === OWNER) {
    throw new AppError("request.invalid", 'The owner\'s token is changed with "muster-host token --rotate".');
  }
  if (id !== undefined) return id;
  throw new AppError("request.invalid", 'Name the token by its id, which "muster-host token list" shows.');
}

function usage(words: readonly string[]): AppError {
  return new AppError("request.invalid", `There is no command "token ${words.join(" ")}".`);
}
