import { connect, type Socket } from "node:net";
import { Child } from "../child.ts";
import { compare } from "../measure.ts";
import { RawAhp } from "../rawAhp.ts";
import { at, type Part } from "../suite.ts";
import type { SidesCalls } from "./sidesChild.ts";
import type { TcpCalls } from "./tcpChild.ts";

const gc = ["--expose-gc"];

/** Resident memory of a client that is connected and says nothing, beside a bare TCP connection in Node. */
export const memory: Part = async (options) => {
  const count = at(options, 1_000, 500, 10);
  const host = new Child<SidesCalls>(new URL("sidesChild.ts", import.meta.url), gc);
  const tcp = new Child<TcpCalls>(new URL("tcpChild.ts", import.meta.url), gc);
  const clients: RawAhp[] = [];
  const sockets: Socket[] = [];
  try {
    const { ours, terminal } = await host.call("start");
    const { port } = await tcp.call("start");
    // The first ones pay for code that is compiled and buffers that all share.
    const connectAll = async (wanted: number) => {
      for (let done = 0; done < wanted; done++) clients.push(await RawAhp.connect(ours, `idle-${clients.length}`));
      for (let done = 0; done < wanted; done++) sockets.push(await connected(port));
    };
    await connectAll(Math.ceil(count / 10));
    const [ourBefore, tcpBefore] = [await host.call("memory"), await tcp.call("memory")];
    await connectAll(count);
    const [ourIdle, tcpIdle] = [await host.call("memory"), await tcp.call("memory")];
    for (const client of clients.slice(-count)) await client.request("subscribe", { channel: terminal });
    const ourOpen = await host.call("memory");
    const bare = Math.max(1, (tcpIdle - tcpBefore) / count);
    return [
      compare("an idle client / a bare TCP connection, bytes resident", (ourIdle - ourBefore) / count, bare, {
        atMost: 2.5,
      }),
      compare(
        "a client with a channel open / a bare TCP connection, bytes resident",
        (ourOpen - ourBefore) / count,
        bare,
        {
          atMost: 3.5,
        },
      ),
    ];
  } finally {
    for (const client of clients) client.close();
    for (const socket of sockets) socket.destroy();
    await host.call("stop");
    await Promise.all([host.stop(), tcp.stop()]);
  }
};

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
  });
}
