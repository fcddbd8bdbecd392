#!/usr/bin/env node
import process from "node:process";
import { assertNever } from "../base/appError.ts";
import { auditFilterOf, type CliOptions, parseCli, USAGE } from "./cli/arguments.ts";
import { backup } from "./cli/backup.ts";
import { bundle } from "./cli/bundle.ts";
import { checkConfig } from "./cli/checkConfig.ts";
import { doctor } from "./cli/doctor.ts";
import { auditLog } from "./cli/auditLog.ts";
import { listEgress } from "./cli/egress.ts";
import { EXIT } from "./cli/exitCodes.ts";
import { failureOf } from "./cli/failure.ts";
import { exportLog, verifyLog } from "./cli/inspect.ts";
import { serve } from "./cli/serve.ts";
import { spendTable } from "./cli/spendTable.ts";
import { tokenCommand } from "./cli/token.ts";
import { deleteUserCommand, exportUser } from "./cli/userData.ts";

const print = (line: string) => void process.stdout.write(`${line}\n`);

function run(options: CliOptions): Promise<number> | number {
  switch (options.command) {
    case "serve":
      return options.checkConfig ? checkConfig(options, print) : serve(options);
    case "token":
      return tokenCommand(options, Date.now(), print);
    case "verify":
      return verifyLog(options.data, print);
    case "egress":
      return listEgress(options.data, options.json, print);
    case "export":
      return options.token.user === undefined
        ? exportLog(options.data, options.session, print)
        : exportUser(options.data, options.token.user, print);
    case "delete":
      return deleteUserCommand(options, Date.now(), print);
    case "audit":
      return auditLog(options.data, auditFilterOf(options, Date.now()), options.json, print);
    case "spend":
      return spendTable(options, Date.now(), print);
    case "bundle":
      return bundle(options, Date.now(), print);
    case "backup":
      return backup(options, print);
    case "doctor":
      return doctor(options, print);
    default:
      return assertNever(options.command);
  }
}

/** The exit code: see `EXIT`. */
async function main(args: readonly string[]): Promise<number> {
  // The log needs it; older versions of Node have no such module and cannot be helped from here.
  if (process.getBuiltinModule?.("node:sqlite") === undefined) {
    process.stderr.write(`The host needs Node 24 or later; this is ${process.version}. Run it with a later Node.\n`);
    return EXIT.usage;
  }
  if (args.includes("--help") || args.includes("-h")) {
    print(USAGE);
    return EXIT.done;
  }
  try {
    return await run(parseCli(args, process.cwd()));
  } catch (error) {
    const failure = failureOf(error);
    process.stderr.write(`${failure.message}\n`);
    if (failure.code === "request.invalid") process.stderr.write('Run "muster-host --help" for the usage.\n');
    return failure.code === "request.invalid" ? EXIT.usage : EXIT.failed;
  }
}

process.exitCode = await main(process.argv.slice(2));
// Streams of agents that did not end must not keep the process.
if (process.argv.includes("serve")) process.exit();
