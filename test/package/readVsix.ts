import { readFile } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";

const entrySignature = 0x02014b50;
const endSignature = 0x06054b50;
const deflated = 8;

/** What a VSIX holds, by the paths in it, in the order in which it lists them. Without Zip64: no VSIX of ours is that large. */
export async function readVsix(file: string): Promise<ReadonlyMap<string, Buffer>> {
  const zip = await readFile(file);
  const end = zip.lastIndexOf(Buffer.from(Uint32Array.of(endSignature).buffer));
  const files = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== entrySignature) throw new Error(`${file} is no zip file.`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const nameEnd = at + 46 + (nameLength ?? 0);
    const local = zip.readUInt32LE(at + 42);
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = zip.subarray(begin, begin + zip.readUInt32LE(at + 20));
    const name = zip.toString("utf8", at + 46, nameEnd);
    files.set(name, zip.readUInt16LE(at + 10) === deflated ? inflateRawSync(bytes) : bytes);
    at = nameEnd + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return files;
}
