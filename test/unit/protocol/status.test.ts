import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  activityOf,
  isArchived,
  isFailed,
  isInProgress,
  isRead,
  needsInput,
  STATUS,
  withActivity,
  withFlag,
  withoutInputNeeded,
} from "../../../src/protocol/status.ts";

describe("status bits", () => {
  it("say several things at once", () => {
    const status = STATUS.inputNeeded | STATUS.isArchived;
    expect([needsInput(status), isInProgress(status), isArchived(status)]).toEqual([true, true, true]);
    expect([isFailed(status), isRead(status)]).toEqual([false, false]);
  });

  it("fall back to in progress when the wait ends", () => {
    expect(withoutInputNeeded(STATUS.inputNeeded | STATUS.isRead)).toBe(STATUS.inProgress | STATUS.isRead);
  });

  it("of one kind never touch those of another, known or not", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(...Object.values(STATUS).slice(0, 4)), (status, activity) => {
        const changed = withActivity(status, activity);
        expect(activityOf(changed)).toBe(activity);
        expect(changed - activity).toBe(status - activityOf(status));
        expect(withFlag(withFlag(status, STATUS.isRead, true), STATUS.isRead, false)).toBe(
          withFlag(status, STATUS.isRead, false),
        );
      }),
    );
  });
});
