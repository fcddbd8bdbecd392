import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateAction } from "../../../src/protocol/actions.ts";
import { reduce } from "../../../src/protocol/reduce.ts";
import type { TerminalState } from "../../../src/protocol/terminal.ts";
import { ClientOnFakeHost } from "../../support/clientOnFakeHost.ts";
import { settle } from "../../support/fakeClock.ts";
import { FakeHost } from "../../support/fakeHost.ts";

const uris = ["ahp-terminal:/s/a", "ahp-terminal:/s/b", "ahp-terminal:/s/c"] as const;
const terminal: TerminalState = {
  title: "t",
  content: [],
  lifecycle: { status: "running" },
  claim: { kind: "client", clientId: "c" },
};

/** What may happen between a client and its host. */
const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("act" as const), at: fc.nat(2), text: fc.string({ maxLength: 2 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("dispatch" as const), at: fc.nat(2), text: fc.string({ maxLength: 2 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "drop" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("open" as const), at: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("close" as const), at: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "forgetLog" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("replayLimit" as const), limit: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(0, 400, 3000, 40_000) }),
  },
);
type Handle = ReturnType<typeof open>;
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A handle with a view that only ever hears of changes. */
function open(flaky: ClientOnFakeHost, uri: string) {
  const handle = flaky.client.subscribe("terminal", uri);
  const view = { uri, handle, state: handle.state };
  handle.onDidChange(({ state, applied }) => {
    if (applied === undefined || view.state === undefined) view.state = state;
    else for (const action of applied) view.state = reduce("terminal", view.state, action);
  });
  return view;
}

async function happen(
  event: Happening,
  host: FakeHost,
  flaky: ClientOnFakeHost,
  views: Set<Handle>,
  index: number,
): Promise<void> {
  switch (event.kind) {
    case "open":
      views.add(open(flaky, uris[event.at] ?? uris[0]));
      break;
    case "close":
      for (const view of views) {
        if (view.uri !== uris[event.at]) continue;
        view.handle.dispose();
        views.delete(view);
      }
      break;
    case "act":
      host.act(uris[event.at] ?? uris[0], act(event.text, index));
      break;
    case "dispatch":
      void flaky.client.dispatch(uris[event.at] ?? uris[0], act(event.text, index)).catch(() => undefined);
      break;
    case "drop":
      host.dropAll();
      break;
    case "restart":
      host.restart();
      break;
    case "forgetLog":
      // Another log from here on: numbers start over and nothing of before can be replayed.
      host.restart();
      host.serverSeq = 0;
      host.log.length = 0;
      host.epoch = `epoch-${index}`;
      break;
    case "replayLimit":
      host.replayLimit = event.limit === 4 ? Number.POSITIVE_INFINITY : event.limit;
      break;
    case "wait":
      await flaky.clock.advance(event.ms);
      break;
  }
  if (index % 3 === 0) await settle();
}

function act(text: string, index: number): StateAction {
  return index % 2 === 0 ? { type: "terminal/data", data: text } : { type: "terminal/titleChanged", title: text };
}

describe("a client that resumes", () => {
  it("ends in the state of one that never dropped, whatever happens on the way", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (events) => {
        const host = new FakeHost();
        for (const uri of uris) host.put(uri, terminal);
        const flaky = await new ClientOnFakeHost(host).live();
        const views = new Set([open(flaky, uris[0]), open(flaky, uris[1])]);
        let answers = 0;
        // Something always happens right behind an answer, before the client has taken it in.
        host.afterAnswer = (method) => {
          if (!["initialize", "reconnect", "subscribe"].includes(method)) return;
          for (const uri of uris) host.act(uri, act(`<${++answers}>`, answers));
        };
        for (const [index, event] of events.entries()) await happen(event, host, flaky, views, index);
        await flaky.clock.advance(120_000);
        expect(flaky.client.state.kind).toBe("live");
        for (const { uri, handle, state } of views) {
          expect(handle.status).toBe("live");
          expect(handle.state).toEqual(host.state(uri));
          expect(state).toEqual(host.state(uri));
        }
        flaky.client.dispose();
      }),
      { numRuns: Number(process.env["MUSTER_PROPERTY_RUNS"] ?? 300) },
    );
  });
});
