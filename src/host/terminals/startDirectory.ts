import { realpath } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/appError.ts";
import { parseFileUri } from "../../protocol/uris.ts";

/**
 * The directory of a workspace that `cwd` names, as a file URI of this machine or as the identity of a file; `root`
 * without one. Throws `request.invalid` for any other, links that lead outside included.
 */
export async function startDirectory(cwd: string | undefined, root: string): Promise<string> {
  if (cwd === undefined) return root;
  const inWorkspace = parseFileUri(cwd)?.path;
  const wanted = inWorkspace === undefined ? pathOfFileUri(cwd) : path.join(root, inWorkspace);
  const real = wanted === undefined ? undefined : await realpath(wanted).catch(() => undefined);
  const realRoot = await realpath(root);
  if (real === realRoot || real?.startsWith(`${realRoot}${path.sep}`))
    return path.join(root, path.relative(realRoot, real));
  throw new AppError("request.invalid", "A terminal starts in a directory of its agent's workspace.");
}

/** The path of a file URI; undefined for any other. */
export function pathOfFileUri(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}
