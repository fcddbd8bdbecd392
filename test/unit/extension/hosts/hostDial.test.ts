import { describe, expect, it } from "vitest";
import { AppError } from "../../../../src/base/appError.ts";
import { Disposables } from "../../../../src/base/disposables.ts";
import { silentLogger } from "../../../../src/base/logger.ts";
import { hostDial } from "../../../../src/extension/hosts/hostDial.ts";
import { FakeTransport } from "../../../support/fakeTransport.ts";

const refusal = (status: number) => new AppError("host.unauthorized", "No.", { details: { status } });

/** A host that takes the token in these ways, and what was tried on it. */
function aHost(takes: { header?: boolean; parameter?: boolean }, status = 403, token: string | undefined = "s3cret&") {
  const tried: [string, string | undefined][] = [];
  const dial = hostDial({
    url: "ws://127.0.0.1:4500/?a=1",
    token: async () => token,
    logger: silentLogger,
    open: async (url, header) => {
      tried.push([url, header]);
      const isTaken = header === undefined ? takes.parameter : takes.header;
      if (!isTaken) throw refusal(status);
      return FakeTransport.pair()[0];
    },
  });
  return { dial: () => dial(new Disposables()), tried };
}

const asHeader = ["ws://127.0.0.1:4500/?a=1", "s3cret&"];
const asParameter = ["ws://127.0.0.1:4500/?a=1&tkn=s3cret%26", undefined];

describe("dialling a host", () => {
  it("shows the token in a header, and nowhere else to a host that takes it", async () => {
    const { dial, tried } = aHost({ header: true, parameter: true });
    await dial();
    expect(tried).toEqual([asHeader]);
  });

  it("shows it in the address to a host that knows no other way, and at once the next time", async () => {
    const { dial, tried } = aHost({ parameter: true });
    await dial();
    await dial();
    expect(tried).toEqual([asHeader, asParameter, asParameter]);
  });

  it("fails with the host's refusal when neither way is taken", async () => {
    const { dial, tried } = aHost({});
    await expect(dial()).rejects.toMatchObject({ code: "host.unauthorized" });
    expect(tried).toEqual([asHeader, asParameter]);
  });

  it("does not insist where the host said something else, or there is no token", async () => {
    const wanting = aHost({ parameter: true }, 401);
    await expect(wanting.dial()).rejects.toMatchObject({ code: "host.unauthorized" });
    expect(wanting.tried).toEqual([asHeader]);
  });
});
