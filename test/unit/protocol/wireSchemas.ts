import type * as z from "zod/mini";
import { ActionEnvelope, actionTables, channelKinds } from "../../../src/protocol/actions.ts";
import { ErrorData } from "../../../src/protocol/errorData.ts";
import { FleetAdvertisement, FleetSummaryMeta } from "../../../src/protocol/fleet.ts";
import { FleetMeta } from "../../../src/protocol/fleetMeta.ts";
import { ClientNotifications, HostNotifications, Methods, SessionSummary } from "../../../src/protocol/methods.ts";
import { stateSchemas } from "../../../src/protocol/reduce.ts";

type Named = readonly [name: string, schema: z.core.$ZodType];

const entries = (table: Readonly<Record<string, z.core.$ZodType>>): readonly Named[] => Object.entries(table);

/** Everything of the wire that has a schema. */
export const wireSchemas: readonly Named[] = [
  ...channelKinds.flatMap((kind) => entries(actionTables[kind])),
  ...entries(stateSchemas).map(([kind, schema]): Named => [`state of ${kind}`, schema]),
  ...Object.entries(Methods).flatMap(([method, { params, result }]): Named[] => [
    [`params of ${method}`, params],
    [`result of ${method}`, result],
  ]),
  ...entries(ClientNotifications),
  ...entries(HostNotifications),
  ...entries({ ActionEnvelope, SessionSummary, FleetAdvertisement, FleetSummaryMeta }),
  ...entries(FleetMeta).map(([owner, schema]): Named => [`our _meta of ${owner}`, schema]),
  ...entries(ErrorData).map(([code, schema]): Named => [`data of error ${code}`, schema]),
];
