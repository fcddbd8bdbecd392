#!/usr/bin/env node
import process from "node:process";
import { AppError, assertNever } from "../base/appError.ts";
import { type CliOptions, parseCli, USAGE } from "./cli/arguments.ts";
import { doctor } from "./cli/doctor.ts";
import { auditLog, exportLog, verifyLog } from "./cli/inspect.ts";
import { serve } from "./cli/serve.ts";
import { readOrCreateToken, rotateToken } from "./gateway/accessToken.ts";

const print = (line: string) => void process.stdout.write(`${line}\n`);

function run(options: CliOptions): Promise<number> | number {
  switch (options.command) {
    case "serve":
      return serve(options);
    case "token":
      print(options.rotate ? rotateToken(options.tokenFile) : readOrCreateToken(options.tokenFile));
      return 0;
    case "verify":
      return verifyLog(options.data, print);
    case "export":
      return exportLog(options.data, options.session, print);
    case "audit":
      return auditLog(options.data, print);
    case "doctor":
      return doctor(options, print);
    default:
      return assertNever(options.command);
  }
}

/** 0 done, 1 failed, 2 called wrongly or on a Node that cannot run it. */
async function main(args: readonly string[]): Promise<number> {
  // The log needs it; older versions of Node have no such module and cannot be helped from here.
  if (process.getBuiltinModule?.("node:sqlite") === undefined) {
    process.stderr.write(`The host needs Node 24 or later; this is ${process.version}. Run it with a later Node.\n`);
    return 2;
  }
  if (args.includes("--help") || args.includes("-h")) {
    print(USAGE);
    return 0;
  }
  try {
    return await run(parseCli(args, process.cwd()));
  } catch (error) {
    const failure = AppError.from(error, "The host could not start");
    process.stderr.write(`${failure.message}\n`);
    if (failure.code === "request.invalid") process.stderr.write('Run "muster-host --help" for the usage.\n');
    return failure.code === "request.invalid" ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
// Streams of agents that did not end must not keep the process.
if (process.argv.includes("serve")) process.exit();
