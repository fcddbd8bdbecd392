import { homedir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { AppError } from "../../base/appError.ts";

export const COMMANDS = ["serve", "token", "verify", "doctor", "audit", "export"] as const;
export type Command = (typeof COMMANDS)[number];

export interface CliOptions {
  readonly command: Command;
  readonly config: string | undefined;
  readonly data: string;
  readonly port: number;
  readonly host: string;
  readonly tokenFile: string;
  readonly isolation: "none" | "bubblewrap" | undefined;
  readonly rotate: boolean;
  readonly verbose: boolean;
  /** For `export`: the address of one session. */
  readonly session: string | undefined;
  /** For `doctor`: one JSON object instead of lines. */
  readonly json: boolean;
}

export const DEFAULT_PORT = 4517;

export const USAGE = `Usage: muster-host <command> [options]

Commands
  serve     run the host until it is stopped
  token     print the access token; --rotate makes another
  verify    check that the log is whole
  doctor    check what the host needs, and start each agent once; --json for programs
  audit     print what people did, one JSON line each
  export    print the whole log, one JSON line a record; --session URI for one session

Options
  --config FILE       agents, limits and repositories (JSON)
  --data DIR          where the host keeps everything (default ~/.local/share/muster-host)
  --port N            port to listen on, 0 for any free one (default ${DEFAULT_PORT})
  --host ADDRESS      loopback address to listen on (default 127.0.0.1)
  --token-file FILE   the access token; made if absent (default DIR/token)
  --isolation KIND    none or bubblewrap; overrides the configuration
  --verbose           log more
`;

/** Throws AppError `request.invalid` with the sentence to print. */
export function parseCli(args: readonly string[], cwd: string): CliOptions {
  const { values, positionals } = parse(args);
  const [command = "", ...rest] = positionals;
  const known = COMMANDS.find((candidate) => candidate === command);
  if (!known || rest.length > 0) {
    throw new AppError(
      "request.invalid",
      command === "" ? "Name a command." : `There is no command "${[command, ...rest].join(" ")}".`,
    );
  }
  const absolute = (file: string) => path.resolve(cwd, file);
  const data = absolute(values.data ?? path.join(homedir(), ".local", "share", "muster-host"));
  return {
    command: known,
    config: values.config === undefined ? undefined : absolute(values.config),
    data,
    port: parsePort(values.port),
    host: values.host ?? "127.0.0.1",
    tokenFile: absolute(values["token-file"] ?? path.join(data, "token")),
    isolation: parseIsolation(values.isolation),
    rotate: values.rotate ?? false,
    verbose: values.verbose ?? false,
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
        isolation: text,
        session: text,
        rotate: flag,
        verbose: flag,
        json: flag,
      },
    });
  } catch (error) {
    throw new AppError("request.invalid", error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new AppError("request.invalid", `"${text}" is no port. Use a number from 0 to 65535.`);
}

function parseIsolation(text: string | undefined): "none" | "bubblewrap" | undefined {
  if (text === undefined || text === "none" || text === "bubblewrap") return text;
  throw new AppError("request.invalid", `There is no isolation "${text}". Use none or bubblewrap.`);
}
