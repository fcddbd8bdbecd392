import { ActionEnvelope } from "../../../src/protocol/actions.ts";
import { decode } from "../../../src/protocol/decode.ts";
import { parseFrame } from "../../../src/protocol/frame.ts";
import { HostNotifications } from "../../../src/protocol/methods.ts";
import { reduce } from "../../../src/protocol/reduce.ts";
import { compare, cpuOf, interleave } from "../measure.ts";
import { at, type Part } from "../suite.ts";
import { frameOf, seeded, SessionTraffic } from "./traffic.ts";

/**
 * What a frame costs its reader beside `JSON.parse` of the same text, in CPU. The mix is that of whole turns: text in
 * small pieces, tool calls with their output, the list's and the session's own view of it, changed files.
 */
export const parsing: Part = async (options) => {
  const turns = at(options, 20, 4, 1);
  const sessions = Array.from({ length: 4 }, (_, index) => new SessionTraffic(index, seeded(index)));
  let seq = 0;
  const frames: string[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (const session of sessions) for (const event of session.turn()) frames.push(frameOf(event, ++seq));
  }
  const bytes = frames.reduce((sum, frame) => sum + Buffer.byteLength(frame), 0);
  options.note(`parsing: ${frames.length} frames of ${Math.round(bytes / frames.length)} bytes on average`);

  const perFrame = (work: () => void) => async () => (await cpuOf(work)) / frames.length;
  const costs = await interleave(
    {
      json: perFrame(() => frames.forEach((frame) => JSON.parse(frame))),
      framed: perFrame(() => frames.forEach((frame) => parseFrame(frame))),
      validated: perFrame(() => frames.forEach((frame) => readFrame(frame))),
      reduced: perFrame(() => foldAll(sessions, frames)),
    },
    at(options, 11, 5, 1),
  );
  return [
    compare("read a frame (limits, JSON, shape of the message) / JSON.parse, us", costs.framed, costs.json, {
      atMost: 1.2,
    }),
    compare("read + validate / JSON.parse, us a frame", costs.validated, costs.json, { atMost: 1.3 }),
    compare("read + validate + reduce / JSON.parse, us a frame", costs.reduced, costs.json, { atMost: 2 }),
  ];
};

/** As the client does it. Throws where it would ignore: frames that are not read would count as fast. */
function readFrame(text: string) {
  const frame = parseFrame(text);
  if (!frame.ok || frame.value.kind !== "notification") throw new Error("A frame of the mix cannot be read.");
  const { method, params } = frame.value;
  if (method === "action") {
    const envelope = decode(ActionEnvelope, params);
    if (envelope.ok) return { envelope: envelope.value };
  } else if (method === "root/sessionSummaryChanged") {
    const summary = decode(HostNotifications[method], params);
    if (summary.ok) return { summary: summary.value };
  }
  throw new Error(`The mix has a ${method} that cannot be read.`);
}

function foldAll(sessions: readonly SessionTraffic[], frames: readonly string[]): void {
  const channels = new Map(sessions.flatMap((session) => Object.entries(session.channels())));
  const states = new Map(Array.from(channels, ([uri, { state }]) => [uri, state]));
  for (const frame of frames) {
    const { envelope } = readFrame(frame);
    if (envelope === undefined) continue;
    const kind = channels.get(envelope.channel)?.kind;
    const state = states.get(envelope.channel);
    if (kind === undefined || state === undefined) throw new Error(`The mix has no channel ${envelope.channel}.`);
    // The pair was made together; TypeScript cannot follow it through the maps.
    states.set(envelope.channel, reduce(kind, state as never, envelope.action));
  }
}
