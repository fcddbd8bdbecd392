import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { seccompFilter } from "./seccomp.ts";

/** Files of the host's own that its boxes are made with. */
export interface BoxDirectory {
  /** What programs in a box are told about users. */
  readonly passwdFile: string;
  readonly groupFile: string;
  /** The system call filter; undefined where the calls of this architecture are not known. */
  seccompFile(nestedNamespaces: boolean): string | undefined;
  /** Puts texts where a box can copy them from; answers with their directory. They are the user's to read. */
  lay(name: string, texts: readonly string[], uid: number | undefined): Promise<string>;
  /** Takes away what was laid there for a box. */
  clear(name: string): Promise<void>;
  /** The beginning of a name for a directory to try things in. */
  readonly trial: string;
  /** Where the proxy of a box listens. */
  socketOf(name: string): string;
}

export const BOX_UID = 1_000;
/** The kernel's limit for the address of a unix socket is 108 bytes. */
const maxSocketPath = 100;

const passwd = `root:x:0:0:root:/root:/bin/sh\nagent:x:${BOX_UID}:${BOX_UID}:agent:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n`;
const group = `root:x:0:\nagent:x:${BOX_UID}:\nnogroup:x:65534:\n`;

/** Made anew: what an earlier host has left there serves nobody. */
export async function openBoxDirectory(dataDir: string): Promise<BoxDirectory> {
  const run = path.join(dataDir, "run", "boxes");
  await rm(run, { recursive: true, force: true });
  await mkdir(run, { recursive: true, mode: 0o700 });
  const isShort = Buffer.byteLength(path.join(run, "0123456789ab")) <= maxSocketPath;
  const sockets = isShort ? run : await mkdtemp(path.join(tmpdir(), "muster-"));
  const passwdFile = path.join(run, "passwd");
  const groupFile = path.join(run, "group");
  await writeFile(passwdFile, passwd, { mode: 0o644 });
  await writeFile(groupFile, group, { mode: 0o644 });
  const filters = { plain: seccompFilter(process.arch, false), nested: seccompFilter(process.arch, true) };
  const fileOf = (name: string) => path.join(run, `seccomp-${name}`);
  for (const [name, filter] of Object.entries(filters))
    if (filter) await writeFile(fileOf(name), filter, { mode: 0o644 });
  return {
    passwdFile,
    groupFile,
    trial: path.join(run, "trial-"),
    seccompFile: (nestedNamespaces) => (filters.plain ? fileOf(nestedNamespaces ? "nested" : "plain") : undefined),
    async lay(name, texts, uid) {
      const directory = path.join(run, `${name}-files`);
      await mkdir(directory, { mode: 0o700 });
      for (const [index, text] of texts.entries()) {
        const file = path.join(directory, String(index));
        await writeFile(file, text, { mode: 0o600 });
        if (uid !== undefined) await chown(file, uid, uid);
      }
      if (uid !== undefined) await chown(directory, uid, uid);
      return directory;
    },
    clear: (name) => rm(path.join(run, `${name}-files`), { recursive: true, force: true }),
    socketOf: (name) => path.join(sockets, name),
  };
}
