import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** False where there is no `openssl`: what needs certificates cannot be tested then. */
export const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** An authority of a test's own, and the certificates that it makes, in a temporary directory. */
export class Certificates {
  readonly directory = mkdtempSync(path.join(tmpdir(), "muster-certificates-"));
  /** PEM, for those who shall trust it. */
  readonly authority: string;
  #serial = 0;

  constructor() {
    this.#make("authority", ["-x509", "-days", "2", "-subj", "/CN=Authority of a test"]);
    this.authority = readFileSync(this.#file("authority.crt"), "utf8");
  }

  /** A certificate for this name or address, by the authority. */
  issue(name: string): { readonly cert: string; readonly key: string } {
    this.#serial += 1;
    const stem = `leaf-${this.#serial}`;
    this.#make(stem, ["-subj", `/CN=${stem}`]);
    const kind = /^[\d.]+$/.test(name) ? "IP" : "DNS";
    writeFileSync(this.#file(`${stem}.ext`), `subjectAltName=${kind}:${name}\n`);
    const signer = ["-CA", this.#file("authority.crt"), "-CAkey", this.#file("authority.key")];
    const serial = ["-set_serial", String(this.#serial), "-days", "2", "-extfile", this.#file(`${stem}.ext`)];
    const out = this.#file(`${stem}.signed.crt`);
    this.#run(["x509", "-req", "-in", this.#file(`${stem}.crt`), ...signer, ...serial, "-out", out]);
    return { cert: out, key: this.#file(`${stem}.key`) };
  }

  /** One that nobody vouches for but itself. */
  selfSigned(name: string): { readonly cert: string; readonly key: string } {
    this.#serial += 1;
    const stem = `self-${this.#serial}`;
    this.#make(stem, ["-x509", "-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=IP:${name}`]);
    return { cert: this.#file(`${stem}.crt`), key: this.#file(`${stem}.key`) };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #file(name: string): string {
    return path.join(this.directory, name);
  }

  #make(stem: string, args: readonly string[]): void {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    this.#run([
      "req",
      "-new",
      ...curve,
      "-keyout",
      this.#file(`${stem}.key`),
      "-out",
      this.#file(`${stem}.crt`),
      ...args,
    ]);
  }

  #run(args: readonly string[]): void {
    execFileSync("openssl", args, { stdio: "ignore" });
  }
}
