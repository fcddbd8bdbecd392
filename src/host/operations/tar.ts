import { gzipSync } from "node:zlib";

export interface TarFile {
  /** At most 100 bytes: relative, with forward slashes. */
  readonly name: string;
  readonly content: string | Buffer;
}

const block = 512;

/** A `.tar.gz` of small files, as every tar reads it (POSIX ustar). */
export function toTarGz(files: readonly TarFile[], modifiedAtMs: number): Buffer {
  const blocks = files.flatMap(({ name, content }) => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return [header(name, bytes.length, modifiedAtMs), bytes, Buffer.alloc(-bytes.length & (block - 1))];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * block)]));
}

function header(name: string, size: number, modifiedAtMs: number): Buffer {
  const bytes = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number) =>
    bytes.write(value.toString(8).padStart(length - 1, "0"), at);
  bytes.write(name, 0, 100);
  octal(0o600, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(modifiedAtMs / 1_000), 136, 12);
  bytes.write("        ", 148);
  bytes.write("0", 156);
  bytes.write("ustar\u000000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148);
  return bytes;
}
