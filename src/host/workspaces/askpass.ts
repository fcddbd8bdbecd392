import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { FailureContext } from "./gitFailure.ts";
import type { Remote } from "./repositoryUrl.ts";
import type { Credentials } from "./workspace.ts";

/** Understood by GitHub for every kind of token; other servers ignore the name. */
const userName = "x-access-token";

/**
 * Answers git's two questions for exactly one scheme, host and port, from its own environment; anything else (a redirect,
 * a proxy, another host) gets no answer. The token is in no argument, no file and no configuration.
 */
const script = `#!/bin/sh
case "$1" in
  "$MUSTER_ASK_USER") printf '%s\\n' "$MUSTER_GIT_USER" ;;
  "$MUSTER_ASK_PASSWORD") printf '%s\\n' "$MUSTER_GIT_TOKEN" ;;
  *) exit 1 ;;
esac
`;

/** Hands a person's token to one git command at a time. */
export class Askpass {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @param directory of the host's own; agents must not be able to write it */
  static async install(directory: string): Promise<Askpass> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = path.join(directory, "askpass.sh");
    await writeFile(file, script, { mode: 0o700 });
    return new Askpass(file);
  }

  /** Environment for one command against `remote`, and what its failure needs to be told well. */
  for(remote: Remote, credentials: Credentials): { env: Record<string, string>; context: FailureContext } {
    const token = remote.origin === undefined ? undefined : credentials.tokenFor(remote.origin);
    if (remote.origin === undefined || token === undefined || token === "") {
      return { env: {}, context: { remote, secrets: [], hadToken: false } };
    }
    const [scheme, rest] = remote.origin.split("://");
    const env = {
      GIT_ASKPASS: this.#file,
      MUSTER_ASK_USER: `Username for '${remote.origin}': `,
      MUSTER_ASK_PASSWORD: `Password for '${scheme}://${userName}@${rest}': `,
      MUSTER_GIT_USER: userName,
      MUSTER_GIT_TOKEN: token,
    };
    return { env, context: { remote, secrets: [token], hadToken: true } };
  }
}
