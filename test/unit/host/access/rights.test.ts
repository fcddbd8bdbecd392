import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { ACTION_ROLES, METHOD_ROLES, type Role, ROLES } from "../../../../src/host/access/rights.ts";
import { isClientDispatchable } from "../../../../src/protocol/actions.ts";
import { clientDispatchable, fleetDispatchable } from "../../../../src/protocol/dispatchable.ts";
import { Methods } from "../../../../src/protocol/methods.ts";
import { ROOT_URI } from "../../../../src/protocol/uris.ts";
import { aGrant } from "../../../support/access.ts";
import { type CoreClient, GatewayCore } from "../../../support/gatewayCore.ts";

const methods = Object.keys(Methods);
const actions = [...Object.keys(clientDispatchable), ...Object.keys(fleetDispatchable)].filter(isClientDispatchable);
const asked = [...methods, ...actions];

/** The list of the document for people: what stands in backquotes behind each role. */
function documented(): Map<string, Role> {
  const text = readFileSync(new URL("../../../../docs/access.md", import.meta.url), "utf8");
  const rows = new Map<string, Role>();
  for (const role of ROLES) {
    const [section = ""] = text.slice(text.indexOf(`- **${role}**`)).split(/\n(?:- \*\*|\n)/);
    for (const [, name = ""] of section.matchAll(/`([^`]+)`/g)) rows.set(name, role);
  }
  return rows;
}

describe("AUTH-6: the roles", () => {
  const clients = new Map<Role, CoreClient>();
  beforeAll(async () => {
    const core = new GatewayCore();
    for (const role of ROLES) clients.set(role, await core.client(role, aGrant({ role, sessions: "all" })));
  });

  it("have a row for every method and every action that a client may dispatch, and for nothing else", () => {
    expect(Object.keys(METHOD_ROLES).toSorted()).toEqual(methods.toSorted());
    expect(Object.keys(ACTION_ROLES).toSorted()).toEqual(actions.toSorted());
  });

  it("are what the document says", () => {
    const expected = Object.fromEntries(Object.entries({ ...METHOD_ROLES, ...ACTION_ROLES }));
    expect(Object.fromEntries(documented())).toEqual(expected);
  });

  it.each(ROLES.map((role) => [role]))(
    "let a %s through where the document says so, and stop it everywhere else",
    async (role) => {
      const client = clients.get(role);
      const isLetThrough = new Map<string, boolean>();
      for (const method of methods) {
        const { error } = (await client?.request(method, { channel: ROOT_URI })) ?? {};
        isLetThrough.set(method, !error?.message.startsWith("Your token is for a"));
      }
      for (const type of actions) {
        const refused = await client?.dispatched("ahp-session:/12345678", { type });
        isLetThrough.set(type, !refused?.startsWith("Your token is for a"));
      }
      const expected = new Map(
        asked.map((name) => [name, ROLES.indexOf(role) >= ROLES.indexOf(documented().get(name) ?? "admin")]),
      );
      expect(Object.fromEntries(isLetThrough)).toEqual(Object.fromEntries(expected));
    },
  );
});
