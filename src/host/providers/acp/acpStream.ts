import type { Stream } from "@agentclientprotocol/sdk/unstable";
import type { OutputFlow } from "./outputFlow.ts";

/** What an agent writes where only ACP belongs. */
export interface StreamFaults {
  /** A line that is no JSON object; the stream goes on. */
  onGarbage(line: string): void;
  /** Text beyond the allowance: nobody needs it, but the agent is alive. */
  onLeftOut(): void;
  /** More of them than any turn may bring; the stream has ended. */
  onFlood(): void;
  /** A line longer than any message may be; the stream has ended. */
  onOversize(limitBytes: number): void;
}

type ReadableMessages = Stream["readable"];
type Message = ReadableMessages extends ReadableStream<infer M> ? M : never;

const newline = 10;
/** What a message that is left out costs the host, of one that is taken in. */
const leftOutShare = 0.04;

/**
 * Newline-delimited JSON over a process's standard streams. Unlike the SDK's own, it tells the host of lines that are no
 * messages and does not argue about them with the agent: a banner or a forgotten `print` is no reason to fail.
 */
export function acpStream(
  streams: { readonly input: WritableStream<Uint8Array>; readonly output: ReadableStream<Uint8Array> },
  maxMessageBytes: number,
  faults: StreamFaults,
  flow: OutputFlow,
): Stream {
  const encoder = new TextEncoder();
  const writer = streams.input.getWriter();
  return {
    readable: streams.output.pipeThrough(messagesOf(maxMessageBytes, faults, flow)),
    writable: new WritableStream({
      write: (message) => writer.write(encoder.encode(`${JSON.stringify(message)}\n`)),
      close: () => writer.close(),
      abort: (reason) => writer.abort(reason),
    }),
  };
}

function messagesOf(
  maxMessageBytes: number,
  faults: StreamFaults,
  flow: OutputFlow,
): TransformStream<Uint8Array, Message> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let taken = 0;
  const take = (controller: TransformStreamDefaultController<Message>) => {
    const bytes = Buffer.concat(parts);
    parts = [];
    length = 0;
    if (flow.leavesOut(bytes)) {
      taken += leftOutShare;
      return faults.onLeftOut();
    }
    if (!flow.takesIn(bytes.length)) {
      faults.onFlood();
      return controller.terminate();
    }
    for (const each of [...flow.takeTail(), bytes]) {
      taken += 1;
      const line = each.toString("utf8").trim();
      const message = line === "" ? undefined : parseObject(line);
      if (message !== undefined) controller.enqueue(message);
      else if (line !== "") faults.onGarbage(line);
    }
  };
  return new TransformStream({
    async transform(chunk, controller) {
      let start = 0;
      taken = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        parts.push(chunk.subarray(start, end));
        take(controller);
        start = end + 1;
      }
      parts.push(chunk.subarray(start));
      length += chunk.length - start;
      // Nothing more is read meanwhile: an agent that writes too much waits in its own write.
      if (length <= maxMessageBytes) return await flow.ready(chunk.length, taken);
      parts = [];
      faults.onOversize(maxMessageBytes);
      controller.terminate();
    },
    flush: take,
  });
}

function parseObject(line: string): Message | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
