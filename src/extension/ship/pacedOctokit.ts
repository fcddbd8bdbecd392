import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { Octokit } from "@octokit/rest";

/** GitHub's client, which keeps to GitHub's limits. It is large and needed by few: this file is imported when it is. */
export function newPacedOctokit(options: ConstructorParameters<typeof Octokit>[0]): Octokit {
  const Paced = Octokit.plugin(retry, throttling);
  return new Paced(options);
}
