import { homedir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { AppError } from "../../base/appError.ts";
import { type SpendKind, spendKinds } from "../../protocol/fleetLedger.ts";
import type { HostConfig } from "../config.ts";
import type { GatewayConfig } from "../gateway/gatewayConfig.ts";
import type { AuditFilter } from "./auditLog.ts";
import { parseSince } from "./duration.ts";
import type { TokenWords } from "./token.ts";

export const COMMANDS = [
  "serve",
  "token",
  "verify",
  "doctor",
  "audit",
  "spend",
  "egress",
  "export",
  "delete",
  "bundle",
  "backup",
] as const;
export type Command = (typeof COMMANDS)[number];

export interface CliOptions {
  readonly command: Command;
  readonly config: string | undefined;
  readonly data: string;
  readonly port: number;
  readonly host: string;
  /** Where the owner's token may stand as it is; without it, it stands nowhere. */
  readonly tokenFile: string | undefined;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly behindProxy: boolean;
  readonly isolation: "none" | "bubblewrap" | undefined;
  readonly rotate: boolean;
  readonly token: TokenWords;
  /** For `audit`: only what was refused, and only since then. */
  readonly refused: boolean;
  readonly since: string | undefined;
  readonly verbose: boolean;
  /** For `spend`: what to add up, and the days. */
  readonly spend: { readonly by: SpendKind; readonly from: string | undefined; readonly to: string | undefined };
  /** For `export`, `audit` and `spend`: the address of one session. */
  readonly session: string | undefined;
  /** For `serve`: say what is configured, and end. */
  readonly checkConfig: boolean;
  /** For `backup`: the directory to be made. */
  readonly to: string | undefined;
  /** For `bundle`: the file to be made, the file that holds the host's log, and whether changed files are wanted. */
  readonly output: string | undefined;
  readonly logFile: string | undefined;
  readonly withFiles: boolean;
  /** For `doctor`, `audit`, `spend`, `egress` and `token list`: JSON instead of lines. */
  readonly json: boolean;
}

/** What each command looks at. Another option is a mistake, and none of them is to be done half. */
const optionsOf: Readonly<Record<Command, readonly string[]>> = {
  serve: [
    "config",
    "data",
    "port",
    "host",
    "token-file",
    "tls-cert",
    "tls-key",
    "behind-proxy",
    "isolation",
    "verbose",
    "check-config",
  ],
  token: ["data", "token-file", "rotate", "user", "role", "sessions", "expires", "label", "overlap", "json"],
  verify: ["data"],
  doctor: ["config", "data", "port", "host", "tls-cert", "tls-key", "behind-proxy", "isolation", "json"],
  audit: ["data", "user", "session", "refused", "since", "json"],
  spend: ["data", "by", "from", "to", "user", "session", "json"],
  egress: ["data", "json"],
  export: ["data", "user", "session"],
  delete: ["data", "user", "config"],
  bundle: ["data", "config", "session", "log", "output", "files"],
  backup: ["data", "to"],
};

export const DEFAULT_PORT = 4517;

export const USAGE = `Usage: muster-host <command> [options]

Commands
  serve     run the host until it is stopped
  token     make the owner's access token and print it, once; --rotate makes another. For other people:
              token create --user NAME --role viewer|operator|approver|admin
                           [--sessions own|all] [--expires 30d] [--label TEXT]
              token list, token revoke ID, token rotate ID [--overlap 1h]
  verify    check that the log is whole
  doctor    check what the host needs, and start each agent once; --json for programs
  audit     print who did what and what was refused; --user NAME, --session URI,
            --since 2h or a time, --refused; --json for programs
  spend     print what agents have cost, models and machine apart: --by ${spendKinds.join("|")},
            --from DAY, --to DAY, --user NAME, --session URI; --json for programs
  egress    print which servers people have allowed for all sessions of a repository; --json for programs
  export    print the whole log, one JSON line a record; --session URI for one session,
            --user NAME for everything of one person
  delete    delete everything of one person, for good: --user NAME. The host must not run.
  bundle    write what is needed to look into one session, without credentials, into a .tar.gz:
            --session URI [--log FILE] [--output FILE] [--files]
  backup    copy the data while the host runs: --to DIR

Options
  --config FILE       agents, limits and repositories (JSON)
  --data DIR          where the host keeps everything (default ~/.local/share/muster-host)
  --port N            port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host ADDRESS      address to listen on (default 127.0.0.1); beyond loopback only with TLS
  --tls-cert FILE     certificate with its chain (PEM); a renewed one is taken without a restart
  --tls-key FILE      its private key
  --behind-proxy      a proxy in front encrypts; only it may be able to reach the host
  --token-file FILE   keep the owner's access token in this file, for programs of this account; made if absent
  --isolation KIND    none or bubblewrap; overrides the configuration
  --verbose           log more
  --check-config      with serve: print the configuration as it holds, and end
`;

/** Throws AppError `request.invalid` with the sentence to print. */
export function parseCli(args: readonly string[], cwd: string): CliOptions {
  const { values, positionals } = parse(args);
  const [command = "", ...rest] = positionals;
  const known = COMMANDS.find((candidate) => candidate === command);
  if (!known || (rest.length > 0 && known !== "token")) {
    throw new AppError(
      "request.invalid",
      command === "" ? "Name a command." : `There is no command "${[command, ...rest].join(" ")}".`,
    );
  }
  const unfit = Object.keys(values).find((name) => !optionsOf[known].includes(name));
  if (unfit !== undefined) throw new AppError("request.invalid", `"${known}" has no option --${unfit}.`);
  if (known === "export" && values.user !== undefined && values.session !== undefined) {
    throw new AppError("request.invalid", "Export a person's data or a session's: give --user or --session.");
  }
  const absolute = (file: string) => path.resolve(cwd, file);
  const data = absolute(values.data ?? path.join(homedir(), ".local", "share", "muster-host"));
  return {
    command: known,
    config: values.config === undefined ? undefined : absolute(values.config),
    data,
    port: parsePort(values.port),
    host: values.host ?? "127.0.0.1",
    tokenFile: values["token-file"] === undefined ? undefined : absolute(values["token-file"]),
    isolation: parseIsolation(values.isolation),
    tls: parseTls(values["tls-cert"], values["tls-key"], absolute),
    behindProxy: values["behind-proxy"] ?? false,
    rotate: values.rotate ?? false,
    token: {
      words: rest,
      user: values.user,
      role: values.role,
      sessions: values.sessions,
      label: values.label,
      expires: values.expires,
      overlap: values.overlap,
    },
    refused: values.refused ?? false,
    since: values.since,
    spend: { by: parseSpendKind(values.by), from: values.from, to: values.to },
    verbose: values.verbose ?? false,
    checkConfig: values["check-config"] ?? false,
    to: values.to === undefined ? undefined : absolute(values.to),
    output: values.output === undefined ? undefined : absolute(values.output),
    logFile: values.log === undefined ? undefined : absolute(values.log),
    withFiles: values.files ?? false,
    session: values.session,
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: text,
        data: text,
        port: text,
        host: text,
        "token-file": text,
        "tls-cert": text,
        "tls-key": text,
        "behind-proxy": flag,
        isolation: text,
        session: text,
        user: text,
        role: text,
        sessions: text,
        label: text,
        expires: text,
        overlap: text,
        since: text,
        by: text,
        from: text,
        refused: flag,
        to: text,
        output: text,
        log: text,
        files: flag,
        "check-config": flag,
        rotate: flag,
        verbose: flag,
        json: flag,
      },
    });
  } catch (error) {
    // Node goes on about positional arguments.
    const [sentence = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new AppError("request.invalid", `${sentence.replace(/\.$/, "")}.`, { cause: error });
  }
}

export function auditFilterOf({ token, session, refused, since }: CliOptions, nowMs: number): AuditFilter {
  return { user: token.user, session, refused, sinceMs: since === undefined ? undefined : parseSince(since, nowMs) };
}

/** Member `gateway` of the configuration, with what the command line says instead. */
export function gatewayOf({ tls, behindProxy }: CliOptions, { gateway }: Pick<HostConfig, "gateway">): GatewayConfig {
  return { ...gateway, ...(tls && { tls }), ...(behindProxy && { behindProxy }) };
}

function parseSpendKind(text = "day"): SpendKind {
  const kind = spendKinds.find((each) => each === text);
  if (kind !== undefined) return kind;
  throw new AppError("request.invalid", `Spending is not counted by "${text}". Use ${spendKinds.join(", ")}.`);
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new AppError("request.invalid", `"${text}" is no port. Use a number from 0 to 65535.`);
}

function parseTls(
  cert: string | undefined,
  key: string | undefined,
  absolute: (file: string) => string,
): CliOptions["tls"] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert: absolute(cert), key: absolute(key) };
  throw new AppError("request.invalid", "A certificate needs its key: give both --tls-cert and --tls-key.");
}

function parseIsolation(text: string | undefined): "none" | "bubblewrap" | undefined {
  if (text === undefined || text === "none" || text === "bubblewrap") return text;
  throw new AppError("request.invalid", `There is no isolation "${text}". Use none or bubblewrap.`);
}
