/**
 * The process that holds the pseudo-terminals. It is a process of its own because a pseudo-terminal's master side would
 * be inherited by every other program that the host starts (node-pty does not close it on exec), agents of other
 * sessions among them; and because terminals are read here while the host writes its log. It ends with its socket, and
 * with it everything that runs in its terminals, however the host ends.
 */
import { Socket } from "node:net";
import { toDisposable } from "../../base/disposables.ts";
import type { Clock } from "../../base/clock.ts";
import type { PtyRequest, PtySize } from "./pty.ts";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, FrameReader } from "./ptyFrames.ts";
import { type NodePty, PtyProcess } from "./ptyProcess.ts";

/** Unlike the host's, its timers keep the process alive: it has to end what it started. */
const clock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms);
    return toDisposable(() => clearTimeout(timer));
  },
};

const socket = new Socket({ fd: 3 });
const terminals = new Map<number, PtyProcess>();

function tell(frame: Buffer): void {
  if (!socket.destroyed) socket.write(frame);
}

/** An optional module: it is native, and there is not one for every machine. */
async function loadNodePty(): Promise<NodePty> {
  try {
    return await import("node-pty");
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    throw new Error("the module node-pty is not installed beside it, or does not run on this machine", {
      cause: error,
    });
  }
}

async function spawn(id: number, request: PtyRequest): Promise<void> {
  try {
    const terminal = new PtyProcess(await loadNodePty(), request, clock, {
      data: (bytes) => tell(encodeFrame(FRAME.data, id, bytes)),
      exited: (exitCode) => tell(encodeJsonFrame(FRAME.exited, id, { exitCode })),
    });
    terminals.set(id, terminal);
    tell(encodeFrame(FRAME.started, id));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell(encodeFrame(FRAME.failed, id, Buffer.from(reason)));
  }
}

async function end(id: number): Promise<void> {
  await terminals.get(id)?.end();
  terminals.delete(id);
  tell(encodeFrame(FRAME.ended, id));
}

function take({ kind, terminal: id, payload }: Frame): void {
  const terminal = terminals.get(id);
  if (kind === FRAME.spawn) void spawn(id, JSON.parse(payload.toString()) as PtyRequest);
  else if (kind === FRAME.end) void end(id);
  else if (kind === FRAME.input) terminal?.write(payload);
  else if (kind === FRAME.resize) terminal?.resize(JSON.parse(payload.toString()) as PtySize);
  else if (kind === FRAME.acknowledge) terminal?.acknowledge(payload.readUInt32BE());
}

const reader = new FrameReader();
socket.on("data", (piece: Buffer) => reader.read(piece).forEach(take));
socket.on("error", () => socket.destroy());
socket.on("close", () => {
  void Promise.all(Array.from(terminals.values(), (terminal) => terminal.end())).then(() => process.exit());
});
// A signal to the host's process group is for the host, which then ends this process in its own time.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("SIGHUP", () => {});
