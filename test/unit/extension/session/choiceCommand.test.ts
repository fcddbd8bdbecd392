import { beforeEach, describe, expect, it } from "vitest";
import { CommandRegistry } from "../../../../src/extension/platform/commandRegistry.ts";
import { registerChoiceCommand } from "../../../../src/extension/session/choiceCommand.ts";
import type { SessionState } from "../../../../src/protocol/sessionState.ts";
import { aSession, session } from "../../../support/aChat.ts";
import { aFleet } from "../../../support/aFleet.ts";
import { settle } from "../../../support/fakeClock.ts";
import { fakeVscode } from "../../../support/fakeVscode.ts";

beforeEach(() => fakeVscode.reset());

async function choosing(state: Partial<SessionState>, label: string) {
  const { connections, host } = await aFleet((host) => host.put(session, aSession(state)));
  const failures: unknown[] = [];
  registerChoiceCommand({
    commands: new CommandRegistry({ present: async (error) => void failures.push(error) }),
    client: (hostId) => connections.client(hostId),
    resolveAgent: async () => ({ hostId: "a", session }),
  });
  fakeVscode.chosen = label;
  await fakeVscode.commands.get("muster.agent.setMode")?.();
  await settle();
  const sent = host.log.map(({ action }) => action).filter(({ type }) => type === "session/configChanged");
  return { failures, sent };
}

describe("the mode or model of an agent", () => {
  const available = [
    { id: "ask", name: "Ask first" },
    { id: "plan", name: "Plan" },
  ];
  const offering = {
    config: { schema: { type: "object", properties: {} }, values: {} },
    _meta: { muster: { modes: { current: "ask", available } } },
  };

  it("is set from the palette by what the agent calls it", async () => {
    expect(await choosing(offering, "Plan")).toEqual({
      failures: [],
      sent: [{ type: "session/configChanged", config: { mode: "plan" } }],
    });
  });

  it("is left as it is when nothing is chosen, and cannot be set where the agent offers none", async () => {
    expect((await choosing(offering, "")).sent).toEqual([]);
    expect(await choosing({}, "Plan")).toMatchObject({ failures: [{ code: "notFound" }], sent: [] });
  });
});
