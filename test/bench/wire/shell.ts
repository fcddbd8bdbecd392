import { RawAhp } from "../rawAhp.ts";
import type { TerminalHost } from "./terminalHosts.ts";

/** A shell in a terminal of a host, watched by the thinnest client. */
export class Shell {
  readonly #client: RawAhp;
  readonly #uri: string;
  #clientSeq = 0;

  private constructor(client: RawAhp, uri: string) {
    this.#client = client;
    this.#uri = uri;
  }

  /** Ready for a command. */
  static async open(host: TerminalHost, clientId: string): Promise<Shell> {
    const client = await RawAhp.connect(host.url, clientId);
    const terminal = host.newTerminal(clientId);
    await client.request("createTerminal", terminal);
    await client.request("subscribe", { channel: terminal.channel });
    const shell = new Shell(client, terminal.channel);
    await shell.run("true");
    return shell;
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#client.bytes;
  }

  /** Resolves when everything that the command printed was received. `heard` gets each message as it came. */
  run(command: string, heard: (message: Buffer) => void = () => undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#client.onMessage = (message) => {
      heard(message);
      if (message.includes(endMark)) resolve();
    };
    // The mark is printed on its own, in one piece, and is not what the echo of the command shows.
    const data = `${command}; sleep 0.01; echo E''ND\r`;
    const action = { type: "terminal/input", data };
    this.#client.notify("dispatchAction", { channel: this.#uri, clientSeq: ++this.#clientSeq, action });
    return promise;
  }

  async close(): Promise<void> {
    await this.#client.request("disposeTerminal", { channel: this.#uri });
    this.#client.close();
  }
}

/** As JSON has it. */
const endMark = Buffer.from("END\\r\\n");
