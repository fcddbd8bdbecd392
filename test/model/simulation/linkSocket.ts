import { Duplex } from "node:stream";
import type { SimLink } from "./link.ts";

/** The host's end of a link as the socket that the gateway writes WebSocket frames to. */
export class LinkSocket extends Duplex {
  readonly #link: SimLink;

  constructor(link: SimLink) {
    super({ autoDestroy: false, emitClose: false });
    this.#link = link;
  }

  override _read(): void {
    // What comes up the link goes to the connection as whole messages.
  }

  /** A chunk counts as queued until the client has read it. */
  override _write(frame: Buffer, _encoding: string, onWritten: () => void): void {
    this.#link.sendDown(textOfFrame(frame), onWritten);
  }
}

/** The text of one whole WebSocket frame of a server. Throws for anything else. */
export function textOfFrame(frame: Buffer): string {
  if (frame[0] !== 0x81) throw new Error("The host sent something else than one whole text frame.");
  const short = frame[1] ?? 0;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length = short < 126 ? short : short === 126 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2));
  if (frame.length !== start + length) throw new Error("The host sent a frame of another length than it says.");
  return frame.toString("utf8", start);
}
