import * as z from "zod/mini";
import type { Client } from "../../client/client.ts";

/** What runs on a host. */
export interface HostSoftware {
  /** `undefined` for a host of ours: it needs no word. */
  readonly name: string | undefined;
  readonly version: string | undefined;
}

/** VS Code's agent host says nothing of itself in the handshake; its build stands in the root state's `_meta`. */
const VsCodeBuild = z.looseObject({ hostBuild: z.looseObject({ version: z.string() }) });

export function hostSoftwareOf({ hostInfo, root }: Pick<Client, "hostInfo" | "root">): HostSoftware {
  if (hostInfo === undefined) return { name: undefined, version: undefined };
  if (hostInfo.fleet !== undefined) return { name: undefined, version: hostInfo.version };
  const build = VsCodeBuild.safeParse(root.state?._meta);
  if (build.success) return { name: "VS Code agent host", version: build.data.hostBuild.version };
  return { name: hostInfo.name ?? "agent host", version: hostInfo.version };
}
