import type { Stream } from "@agentclientprotocol/sdk/unstable";

/** What an agent writes where only ACP belongs. */
export interface StreamFaults {
  /** A line that is no JSON object; the stream goes on. */
  onGarbage(line: string): void;
  /** A line longer than any message may be; the stream has ended. */
  onOversize(limitBytes: number): void;
}

type ReadableMessages = Stream["readable"];
type Message = ReadableMessages extends ReadableStream<infer M> ? M : never;

const newline = 10;

/**
 * Newline-delimited JSON over a process's standard streams. Unlike the SDK's own, it tells the host of lines that are no
 * messages and does not argue about them with the agent: a banner or a forgotten `print` is no reason to fail.
 */
export function acpStream(
  streams: { readonly input: WritableStream<Uint8Array>; readonly output: ReadableStream<Uint8Array> },
  maxMessageBytes: number,
  faults: StreamFaults,
): Stream {
  const encoder = new TextEncoder();
  const writer = streams.input.getWriter();
  return {
    readable: streams.output.pipeThrough(messagesOf(maxMessageBytes, faults)),
    writable: new WritableStream({
      write: (message) => writer.write(encoder.encode(`${JSON.stringify(message)}\n`)),
      close: () => writer.close(),
      abort: (reason) => writer.abort(reason),
    }),
  };
}

function messagesOf(maxMessageBytes: number, faults: StreamFaults): TransformStream<Uint8Array, Message> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (controller: TransformStreamDefaultController<Message>) => {
    const line = Buffer.concat(parts).toString("utf8").trim();
    parts = [];
    length = 0;
    const message = line === "" ? undefined : parseObject(line);
    if (message !== undefined) controller.enqueue(message);
    else if (line !== "") faults.onGarbage(line);
  };
  return new TransformStream({
    transform(chunk, controller) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        parts.push(chunk.subarray(start, end));
        take(controller);
        start = end + 1;
      }
      if (start === chunk.length) return;
      parts.push(chunk.subarray(start));
      length += chunk.length - start;
      if (length <= maxMessageBytes) return;
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
