/**
 * `npm run demo`: a host with three agents on a repository, shown in a VS Code with a profile of its own.
 * `npm run demo -- --check` goes the whole way without a person and with real agents, prints one JSON line of what
 * happened and exits 0 or 1. (`--count` adds the closing line that `npm test` reads.)
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { packExtension } from "../package/packExtension.ts";
import { Lifetime } from "../support/vscode/lifetime.ts";
import { castSampleAgents } from "./demoAgents.ts";
import { checkDemo } from "./check.ts";
import { GITHUB_TOKEN, gitHubSettings, startDemoFleet } from "./demoFleet.ts";
import { openEditor, packSignIn } from "./openEditor.ts";

const { values: options } = parseArgs({ options: { check: { type: "boolean" }, count: { type: "boolean" } } });
const say = (text: string) => console.error(text);

async function show(lifetime: Lifetime, folder: string, vsix: readonly string[]): Promise<void> {
  const fleet = await startDemoFleet(lifetime, folder, "own", castSampleAgents());
  say(`The host listens on ${fleet.host.url}; three sample agents are at work on ${fleet.repository.path}.`);
  const editor = await openEditor(lifetime, {
    vsix,
    folder: fleet.repository.path,
    directory: path.join(folder, "editor"),
    settings: {
      ...gitHubSettings(fleet),
      "muster.hosts": [{ id: "demo", name: "Demo host", url: fleet.host.url, tokenFile: fleet.tokenFile }],
      "workbench.startupEditor": "none",
    },
    env: { MUSTER_DEMO_GITHUB_TOKEN: GITHUB_TOKEN },
    say,
  });
  await editor.closed;
}

const lifetime = new Lifetime();
let failure: Error | undefined;
try {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "muster-demo-")));
  lifetime.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  say("Building and packing the extension");
  const vsix = [await packExtension(folder), await packSignIn(folder)];
  if (options.check) console.log(JSON.stringify(await checkDemo({ lifetime, folder, vsix, say })));
  else await show(lifetime, folder, vsix);
} catch (error) {
  failure = error instanceof Error ? error : new Error(String(error));
} finally {
  await lifetime.end();
}
if (failure !== undefined) {
  say(failure.stack ?? failure.message);
  if (options.check) console.log(JSON.stringify({ ok: false, reason: failure.message }));
}
if (options.count) console.log(failure === undefined ? "1 passed, 0 failed" : "0 passed, 1 failed");
process.exit(failure === undefined ? 0 : 1);
