import * as fc from "fast-check";
import { ActionEnvelope, channelKinds } from "../../src/protocol/actions.ts";
import { FleetNotifications } from "../../src/protocol/fleet.ts";
import { ClientNotifications, HostNotifications, Methods } from "../../src/protocol/methods.ts";
import { stateSchemas } from "../../src/protocol/reduce.ts";
import { arbitraryAction, arbitraryValue } from "../support/arbitraries.ts";

/** Valid messages as JSON text, `count` of each sort, always the same ones. They are what is made malformed. */

const seed = 1;

function sample<T>(arbitrary: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(arbitrary, { numRuns: count, seed });
}

function message(members: object): string {
  return JSON.stringify({ jsonrpc: "2.0", ...members });
}

/** What a client may send: every method, every notification, actions of every kind on every channel given. */
export function clientFrames(channels: readonly [string, ...string[]], clientId: string, count = 30): string[] {
  const channel = fc.constantFrom(...channels, "ahp-chat:/nowhere", "a");
  const frames: string[] = [];
  for (const [method, { params }] of Object.entries(Methods)) {
    const known = { channel, clientId: fc.constant(clientId), protocolVersions: fc.constant(["0.9.0"]) };
    const subscriptions = fc.array(channel, { maxLength: 3 });
    const wanted = fc.record({
      given: arbitraryValue<object>(params),
      known: fc.record({ ...known, subscriptions, initialSubscriptions: subscriptions }, { requiredKeys: ["channel"] }),
    });
    for (const [at, { given, known: real }] of sample(wanted, count).entries()) {
      frames.push(message({ id: at + 1, method, params: { ...given, ...real } }));
    }
  }
  for (const kind of channelKinds) {
    const dispatch = fc.record({ channel, clientSeq: fc.nat(1000), action: arbitraryAction(kind) });
    for (const params of sample(dispatch, count * 4)) frames.push(message({ method: "dispatchAction", params }));
  }
  for (const params of sample(arbitraryValue(ClientNotifications.unsubscribe), count)) {
    frames.push(message({ method: "unsubscribe", params }));
  }
  for (const params of sample(fc.record({ channel }), count)) frames.push(message({ method: "unsubscribe", params }));
  return frames;
}

/** What a host may send to a client that follows the channels: answers, envelopes, announcements, requests of its own. */
export function hostFrames(channels: readonly [string, ...string[]], clientId: string, count = 30): string[] {
  const channel = fc.constantFrom(...channels, "ahp-chat:/nowhere");
  const id = fc.integer({ min: 1, max: 12 });
  const frames: string[] = [];
  for (const { params, result } of Object.values(Methods)) {
    const answer = fc.record({ id, result: arbitraryValue(result) });
    for (const members of sample(answer, count)) frames.push(message(members));
    const request = fc.record({ id, method: fc.constantFrom(...Object.keys(Methods)), params: arbitraryValue(params) });
    for (const members of sample(request, count)) frames.push(message(members));
  }
  for (const kind of channelKinds) {
    const origin = fc.record({ clientId: fc.constantFrom(clientId, "other"), clientSeq: fc.nat(12) });
    const envelope = fc.record(
      {
        channel,
        action: arbitraryAction(kind),
        serverSeq: fc.integer({ min: 0, max: 2000 }),
        origin,
        rejectionReason: fc.constantFrom("No.", ""),
      },
      { requiredKeys: ["channel", "action", "serverSeq"] },
    );
    for (const params of sample(envelope, count * 4)) frames.push(message({ method: "action", params }));
    const snapshot = fc.record({
      resource: channel,
      state: arbitraryValue<unknown>(stateSchemas[kind]),
      fromSeq: fc.nat(2000),
    });
    for (const members of sample(fc.record({ id, snapshot }), count)) {
      frames.push(message({ id: members.id, result: { snapshot: members.snapshot } }));
      frames.push(message({ id: members.id, result: { type: "snapshot", snapshots: [members.snapshot] } }));
    }
  }
  for (const actions of sample(fc.array(arbitraryValue(ActionEnvelope), { maxLength: 4 }), count)) {
    frames.push(message({ id: 1, result: { type: "replay", actions, missing: channels.slice(0, 1) } }));
  }
  for (const [method, schema] of Object.entries({ ...HostNotifications, ...FleetNotifications })) {
    for (const params of sample(arbitraryValue(schema), count)) frames.push(message({ method, params }));
  }
  for (const code of [-32700, -32601, -32602, -32603, -32001, -32005, -32007, -32008, -32011, 1]) {
    for (let at = 1; at <= 12; at++)
      frames.push(message({ id: at, error: { code, message: `Error ${code}`, data: {} } }));
  }
  return frames;
}
