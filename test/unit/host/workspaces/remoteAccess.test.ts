import { describe, expect, it } from "vitest";
import { AddressRules, isNetwork } from "../../../../src/host/workspaces/addressRules.ts";
import { Askpass } from "../../../../src/host/workspaces/askpass.ts";
import { RemoteAccess, type Resolve } from "../../../../src/host/workspaces/remoteAccess.ts";
import { parseRepository } from "../../../../src/host/workspaces/repositoryUrl.ts";
import { noCredentials } from "../../../../src/host/workspaces/workspace.ts";

/** Never asked for a token here, so it needs no file. */
const askpass = Object.create(Askpass.prototype, {
  for: { value: (remote: object) => ({ env: {}, context: { remote, secrets: [], hadToken: false } }) },
}) as Askpass;

function access(resolve: Resolve, privateNetworks: readonly string[] = []): RemoteAccess {
  return new RemoteAccess(askpass, new AddressRules(privateNetworks), resolve, []);
}

/** As `getaddrinfo` does: an address of any old form is itself. */
const numeric: Resolve = (name) => {
  if (name.includes(":")) return Promise.resolve([name]);
  const url = new URL(`http://${name}/`);
  return /^\d+\.\d+\.\d+\.\d+$/.test(url.hostname)
    ? Promise.resolve([url.hostname])
    : Promise.reject(new Error("ENOTFOUND"));
};

const inside = [
  // This machine.
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "017700000001",
  "0177.0.0.1",
  "0177.0.0.01",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0000::0001]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:7f00:0001]",
  "[::FFFF:127.0.0.1]",
  "[0:0:0:0:0:ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::7f00:1]",
  "[2002:7f00:1::]",
  "[2001:0:7f00:1::]",
  // Anything here.
  "0",
  "0.0.0.0",
  "00.0.0.0",
  "0x0",
  "0.1.2.3",
  "[::]",
  "[0::0]",
  "[::ffff:0.0.0.0]",
  "[::ffff:0:0]",
  // Cloud metadata.
  "169.254.169.254",
  "169.254.1.1",
  "169.254.170.2",
  "2852039166",
  "0xa9fea9fe",
  "0xa9.0xfe.0xa9.0xfe",
  "0251.0376.0251.0376",
  "025177524776",
  "169.16689662",
  "169.254.43518",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[64:ff9b::a9fe:a9fe]",
  "[fe80::a9fe:a9fe]",
  "[fd00:ec2::254]",
  "[fd20:ce::254]",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "[::ffff:100.100.100.200]",
  // Private networks.
  "10.0.0.1",
  "10.255.255.255",
  "167772161",
  "0xa000001",
  "012.0.0.1",
  "[::ffff:10.0.0.1]",
  "[64:ff9b::10.0.0.1]",
  "172.16.0.1",
  "172.31.255.255",
  "0xac100001",
  "[::ffff:172.16.0.1]",
  "192.168.0.1",
  "192.168.1.254",
  "3232235777",
  "0xc0a80101",
  "0300.0250.1.1",
  "192.168.257",
  "[::ffff:192.168.1.1]",
  "[::192.168.1.1]",
  "[2002:c0a8:101::1]",
  "100.64.0.1",
  "100.127.255.255",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  "[fdff:ffff::1]",
  "[fec0::1]",
  // Link-local, multicast, broadcast, reserved, documentation, benchmarks.
  "[fe80::1]",
  "[febf::1]",
  "[ff02::1]",
  "[ff0e::1]",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "0xffffffff",
  "4294967295",
  "192.0.0.8",
  "192.0.2.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "[2001:db8::1]",
  "[100::1]",
  "[2001:2::1]",
  "[2001:10::1]",
];

describe("BRG-4 addresses of the host's own network", () => {
  it("has at least a hundred forms", () => {
    expect(new Set(inside).size).toBeGreaterThanOrEqual(100);
  });

  it.each(inside)("refuses https://%s", async (host) => {
    const remote = parseRepository(`https://${host}/octo/app.git`, []);
    await expect(access(numeric).open(remote, noCredentials)).rejects.toMatchObject({ code: "repository.invalid" });
  });

  it.each(inside.filter((host) => /^[^[].*[^.]$|^.$/.test(host)))("refuses git@%s: and ssh://", async (host) => {
    for (const address of [`git@${host}:octo/app.git`, `ssh://git@${host}/octo/app.git`]) {
      const remote = parseRepository(address, []);
      await expect(access(numeric).open(remote, noCredentials)).rejects.toMatchObject({ code: "repository.invalid" });
    }
  });

  it.each([
    "file:///etc/passwd",
    "gopher://127.0.0.1/x",
    "http://169.254.169.254/latest/meta-data",
    "https://user@169.254.169.254/x",
    "https://github.com@127.0.0.1/x",
    "https://127.0.0.1\\@github.com/x",
    "https://127.0.0.1%2f@github.com/x",
    "https://github.com#@127.0.0.1/x",
    "https://①②⑦.⓪.⓪.①/x\u00a0",
    "ext::sh -c id",
  ])("refuses the address %s before anything is resolved", (address) => {
    expect(() => parseRepository(address, [])).toThrow(expect.objectContaining({ code: "repository.invalid" }));
  });
});

describe("BRG-4 names", () => {
  const remote = parseRepository("https://git.example.com:8443/octo/app.git", []);

  it("pins every address that the name had, and asks once", async () => {
    const answers = [["140.82.121.4", "2606:50c0::153"], ["127.0.0.1"]];
    const opened = await access(() => Promise.resolve(answers.shift() ?? [])).open(remote, noCredentials);
    expect(opened.network).toMatchObject({
      protocol: "https",
      config: { "http.curloptResolve": "git.example.com:8443:140.82.121.4,[2606:50c0::153]" },
    });
    expect(answers).toHaveLength(1);
  });

  it.each([[["127.0.0.1"]], [["140.82.121.4", "10.0.0.1"]], [["140.82.121.4", "::ffff:169.254.169.254"]], [[]]])(
    "refuses a name that leads to %j",
    async (addresses) => {
      await expect(access(() => Promise.resolve(addresses)).open(remote, noCredentials)).rejects.toMatchObject({
        code: "repository.invalid",
      });
    },
  );

  it("says that a name was not found", async () => {
    const failing: Resolve = () => Promise.reject(new Error("ENOTFOUND"));
    await expect(access(failing).open(remote, noCredentials)).rejects.toMatchObject({
      code: "repository.cloneFailed",
      message: expect.stringContaining("git.example.com was not found"),
    });
  });

  it("gives ssh the address, under the name that its key is known by", async () => {
    const open = (text: string) =>
      access(() => Promise.resolve(["140.82.121.4"])).open(parseRepository(text, []), noCredentials);
    expect((await open("git@github.com:octo/app.git")).network.env?.["GIT_SSH_COMMAND"]).toContain(
      "-oHostName=140.82.121.4 -oHostKeyAlias=github.com",
    );
    expect((await open("ssh://git@git.example.com:2222/a.git")).network.env?.["GIT_SSH_COMMAND"]).toContain(
      "-oHostKeyAlias='[git.example.com]:2222'",
    );
  });

  it("lets in what the configuration names, but never metadata", async () => {
    const open = (address: string, networks: readonly string[]) =>
      access(() => Promise.resolve([address]), networks).open(remote, noCredentials);
    await expect(open("10.20.0.7", ["10.20.0.0/16"])).resolves.toBeDefined();
    await expect(open("fd12::7", ["fd12::/48"])).resolves.toBeDefined();
    await expect(open("::ffff:10.20.0.7", ["10.20.0.0/16"])).resolves.toBeDefined();
    await expect(open("10.21.0.7", ["10.20.0.0/16"])).rejects.toMatchObject({
      message: expect.stringContaining("repositories.privateNetworks"),
    });
    for (const address of ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "0.0.0.0", "fe80::1"]) {
      await expect(open(address, ["0.0.0.0/0", "::/0"])).rejects.toMatchObject({ code: "repository.invalid" });
    }
  });

  it("takes a server that is named by its public IPv6 address", async () => {
    const named = parseRepository("https://[2606:50c0::153]/octo/app", []);
    const opened = await access(numeric).open(named, noCredentials);
    expect(opened.network).toEqual({ protocol: "https", env: {} });
  });

  it("knows what is a block of addresses", () => {
    expect(["10.0.0.0/8", "::1/128", "fd12::/48"].map(isNetwork)).toEqual([true, true, true]);
    expect(["10.0.0.0", "10.0.0.0/33", "x/8", "::1/129", "10.0.0.0/8/8", "/8"].some(isNetwork)).toBe(false);
  });
});
