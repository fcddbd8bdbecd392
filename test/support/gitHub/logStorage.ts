import { createServer } from "node:http";
import type { GitHubState } from "./gitHubState.ts";
import { closeServer, hostOf, listenOnLoopback } from "./loopback.ts";

/** The server on which this GitHub keeps the logs of jobs: another origin, which needs no token. */
export class LogStorage {
  /** Who asked for a log, and with which token. */
  readonly calls: { readonly path: string; readonly authorization: string | undefined }[] = [];
  readonly #state: GitHubState;
  readonly #server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", this.url);
    this.calls.push({ path: pathname, authorization: request.headers.authorization });
    const id = Number(pathname.split("/").at(-1));
    const runs = this.#state.repositories.flatMap(({ checkRuns }) => checkRuns);
    const log = runs.find((run) => run.id === id)?.log;
    response.writeHead(log === undefined ? 404 : 200, { "content-type": "text/plain" });
    response.end(log ?? "");
  });

  constructor(state: GitHubState) {
    this.#state = state;
  }

  get url(): string {
    return `http://${hostOf(this.#server)}`;
  }

  listen(): Promise<void> {
    return listenOnLoopback(this.#server);
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }
}
