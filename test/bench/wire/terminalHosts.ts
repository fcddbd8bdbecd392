import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { ParamsOf } from "../../../src/protocol/methods.ts";
import { session, sessionId, TerminalFixture } from "../../host/terminalFixture.ts";
import { startVsCodeAgentHost, whyNoAgentHost } from "../../support/vscode/agentHost.ts";

/** A host with terminals, and what one has to say there to get one. */
export interface TerminalHost {
  /** With the token. */
  readonly url: string;
  newTerminal(clientId: string): ParamsOf<"createTerminal">;
  dispose(): Promise<void>;
}

const size = { cols: 80, rows: 24 };

/** A muster-host process with one session, in whose workspace the terminals open. */
export async function musterHost(): Promise<TerminalHost> {
  const fixture = await TerminalFixture.start();
  const { url, token } = fixture.host;
  return {
    url: `${url}/?tkn=${token}`,
    newTerminal: () => ({
      channel: `ahp-terminal:/${sessionId}/${randomUUID()}`,
      claim: { kind: "session", session },
      ...size,
    }),
    dispose: () => fixture.dispose(),
  };
}

/** VS Code's own agent host; a sentence instead where there is none. */
export async function vsCodeHost(note: (text: string) => void): Promise<TerminalHost | string> {
  const reason = await whyNoAgentHost(note);
  if (reason !== undefined) return reason;
  const host = await startVsCodeAgentHost({ name: "bench-agent-host" });
  return {
    url: `${host.url}/?tkn=${host.token}`,
    newTerminal: (clientId) => ({
      channel: `agenthost-terminal:/${randomUUID()}`,
      claim: { kind: "client", clientId },
      cwd: pathToFileURL(host.home).href,
      ...size,
    }),
    dispose: () => host.dispose(),
  };
}
