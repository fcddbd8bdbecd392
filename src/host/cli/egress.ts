import { silentLogger } from "../../base/logger.ts";
import { fleetRepositoryUri } from "../../protocol/uris.ts";
import { Channels } from "../channels/channels.ts";
import { openForReading } from "./inspect.ts";

/** What people have allowed for all sessions of a repository: a line each for a person, or one JSON object. */
export async function listEgress(directory: string, isJson: boolean, print: (line: string) => void): Promise<number> {
  const log = openForReading(directory);
  const channels = new Channels({ log, logger: silentLogger });
  let count = 0;
  try {
    for (const uri of await log.channels(fleetRepositoryUri(""))) {
      if (!(await channels.load(uri))) continue;
      const { repository = "", servers = [] } = channels.state("fleetRepository", uri) ?? {};
      for (const { server, by, at } of servers) {
        count += 1;
        const who = by === "" ? "somebody who was deleted" : by;
        print(isJson ? JSON.stringify({ repository, server, by, at }) : `${server}  ${repository}  ${at}  by ${who}`);
      }
    }
    if (count === 0 && !isJson) print("Nobody has allowed a server for all sessions of a repository.");
  } finally {
    channels.dispose();
    await log.close();
  }
  return 0;
}
