import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventLog, LogRecord, LogSnapshot } from "../../src/host/log/log.ts";

/** How the suite makes an implementation, ends it as a crash would, and opens the same data again. */
export interface LogSubject {
  open(): EventLog;
  /** Ends the process's hold on the data without the courtesy of `close`. */
  crash(log: EventLog): void;
  /** Opens the same data as a host does that believes the first to be gone, while the first still has it open. */
  takeOver(): EventLog;
  /** Changes the body of one stored record behind the log's back. */
  tamper(seq: number): void;
  remove(): void;
}

/** Every implementation of `EventLog` keeps these promises; see src/host/log/README.md. */
export function describeLog(name: string, make: () => LogSubject): void {
  describe(`event log: ${name}`, () => {
    let subject: LogSubject;
    let log: EventLog;

    beforeEach(() => {
      subject = make();
      log = subject.open();
    });

    afterEach(async () => {
      await log.close();
      subject.remove();
    });

    it("numbers records in one order over all channels", async () => {
      expect([log.append("a:1", "x"), log.append("b:1", "y"), log.append("a:1", "z")]).toEqual([1, 2, 3]);
      await log.flush();
      expect((await all(log)).map((record) => [record.seq, record.channel, record.body])).toEqual([
        [1, "a:1", "x"],
        [2, "b:1", "y"],
        [3, "a:1", "z"],
      ]);
    });

    it("tells of records only once they are durable, in one batch, each once", async () => {
      const batches: (readonly LogRecord[])[] = [];
      log.onCommitted((batch) => batches.push(batch));
      log.append("a:1", "x");
      log.append("a:1", "y");
      expect(log.durableSeq).toBe(0);
      expect(batches).toEqual([]);
      await log.flush();
      expect(log.durableSeq).toBe(2);
      expect(batches.map((batch) => batch.map((record) => record.seq))).toEqual([[1, 2]]);
    });

    it("puts what is appended while a commit is told of into the next one", async () => {
      const batches: number[][] = [];
      log.onCommitted((batch) => {
        batches.push(batch.map((record) => record.seq));
        if (batches.length === 1) log.append("a:1", "from a listener");
      });
      log.append("a:1", "x");
      await log.flush();
      await log.flush();
      expect(batches).toEqual([[1], [2]]);
    });

    it("goes on counting after it was closed and opened, with the same epoch", async () => {
      log.append("a:1", "x");
      const epoch = log.epoch;
      await log.close();
      log = subject.open();
      expect(log.epoch).toBe(epoch);
      expect(log.lastSeq).toBe(1);
      expect(log.append("a:1", "y")).toBe(2);
      await log.flush();
      expect((await log.verify()).problem).toBeUndefined();
    });

    it("keeps what was durable over a crash", async () => {
      log.append("a:1", "durable");
      await log.flush();
      log.append("a:1", "not yet");
      subject.crash(log);
      log = subject.open();
      expect((await all(log)).map((record) => record.body)).toEqual(["durable"]);
      expect(log.append("a:1", "next")).toBe(2);
    });

    it("reads a channel, from a place, up to a limit", async () => {
      for (let index = 0; index < 1_200; index += 1) log.append(index % 2 === 0 ? "even:1" : "odd:1", String(index));
      await log.flush();
      expect(await all(log)).toHaveLength(1_200);
      const some = await all(log, { after: 3, channel: "odd:1", limit: 2 });
      expect(some.map((record) => record.body)).toEqual(["3", "5"]);
      expect(await log.channels()).toEqual(["even:1", "odd:1"]);
      expect(await log.latest("even:1")).toMatchObject({ seq: 1_199, body: "1198" });
      expect(await log.latest("none:1")).toBeUndefined();
    });

    it("gives back bodies as the same bytes", async () => {
      const body = JSON.stringify({ text: "naïve 😀 \u0000 \u2028 \ud83d", nested: ["'", '"', "\\"] });
      log.append("a:1", body);
      await log.flush();
      expect((await all(log))[0]?.body).toBe(body);
    });

    it("replaces a channel's snapshot", async () => {
      log.append("a:1", "x");
      log.append("a:1", "y");
      log.saveSnapshot("a:1", { seq: 1, state: "one" });
      await log.flush();
      log.saveSnapshot("a:1", { seq: 2, state: "two" });
      await log.flush();
      expect(await log.loadSnapshot("a:1")).toEqual({ seq: 2, state: "two" });
      expect(await log.loadSnapshot("b:1")).toBeUndefined();
    });

    it("stores a snapshot with what was appended before it, or neither", async () => {
      log.append("a:1", "x");
      log.saveSnapshot("a:1", { seq: 1, state: "one" });
      subject.crash(log);
      log = subject.open();
      expect([await log.loadSnapshot("a:1"), await log.latest("a:1")]).toEqual([undefined, undefined]);
      log.saveSnapshot("a:1", { seq: log.append("a:1", "y"), state: "one" });
      await log.flush();
      subject.crash(log);
      log = subject.open();
      expect(await log.loadSnapshot("a:1")).toEqual({ seq: 1, state: "one" });
      expect(await log.latest("a:1")).toMatchObject({ body: "y" });
    });

    it("names the channels, and gives the snapshots, of all whose URI begins alike", async () => {
      for (const id of ["10", "9", ""]) log.append(`a:/${id}`, "x");
      for (const other of ["a:", "a;/1", "b:/1"]) log.append(other, "y");
      for (const id of ["9", "10", "only-a-snapshot", ""]) log.saveSnapshot(`a:/${id}`, { seq: 1, state: `of ${id}` });
      log.saveSnapshot("b:/1", { seq: 1, state: "other" });
      await log.flush();
      expect((await log.channels("a:/")).toSorted()).toEqual(["a:/", "a:/10", "a:/9", "a:/only-a-snapshot"]);
      expect(await log.channels("c:/")).toEqual([]);
      expect(await log.channels()).toHaveLength(7);
      expect(await snapshotsOf(log, "a:/")).toEqual([
        ["a:/", { seq: 1, state: "of " }],
        ["a:/10", { seq: 1, state: "of 10" }],
        ["a:/9", { seq: 1, state: "of 9" }],
        ["a:/only-a-snapshot", { seq: 1, state: "of only-a-snapshot" }],
      ]);
    });

    it("finds the channels of which nothing is later than a time, by their last records", async () => {
      for (const body of ["x", "y"]) log.append("a:1", body);
      log.append("b:1", "z");
      await log.flush();
      const times = (await all(log)).map(({ time }) => time);
      const found = async (time: number) => {
        const records: string[] = [];
        for await (const { channel, body } of log.lastBefore(time)) records.push(`${channel} ${body}`);
        return records.toSorted();
      };
      expect(await found(Math.max(...times))).toEqual(["a:1 y", "b:1 z"]);
      expect(await found(Math.min(...times) - 1)).toEqual([]);
      log.forget("a:1");
      await log.scrub();
      expect(await found(Math.max(...times))).toEqual(["b:1 z"]);
    });

    it("stores blobs under their content", async () => {
      const id = await log.putBlob("a:1", new TextEncoder().encode("hello"));
      expect(id).toBe("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
      expect(await log.putBlob("a:1", new TextEncoder().encode("hello"))).toBe(id);
      expect(new TextDecoder().decode(await log.getBlob(id))).toBe("hello");
      expect(await log.getBlob("0".repeat(64))).toBeUndefined();
    });

    it("finds a record that was changed", async () => {
      for (const body of ["x", "y", "z"]) log.append("a:1", body);
      await log.flush();
      expect(await log.verify()).toEqual({ records: 3, removed: 0, channels: 1 });
      subject.tamper(2);
      expect((await log.verify()).problem).toMatch(/Record 2 of a:1/);
    });

    it("gives out no record of a channel that does not fit its chain", async () => {
      for (const body of ["x", "y", "z"]) log.append("a:1", body);
      log.append("b:1", "whole");
      await log.flush();
      subject.tamper(2);
      await expect(all(log, { after: 0, channel: "a:1" })).rejects.toMatchObject({
        code: "internal",
        details: { channel: "a:1" },
      });
      await expect(all(log, { after: 1, channel: "a:1" })).rejects.toThrow(/Record 2 of a:1/);
      expect(await all(log, { after: 0, channel: "b:1" })).toHaveLength(1);
    });

    it("prunes what a stored snapshot makes up for and nothing else, and the chain goes on", async () => {
      for (const body of ["one", "two", "three"]) log.append("a:1", body);
      log.append("b:1", "other");
      log.prune("a:1", 3);
      await log.flush();
      expect(await all(log)).toHaveLength(4);
      log.saveSnapshot("a:1", { seq: 2, state: "two" });
      log.prune("a:1", 3);
      await log.flush();
      expect((await all(log)).map((record) => record.body)).toEqual(["three", "other"]);
      expect(await log.removals()).toEqual(new Map([["a:1", 2]]));
      log.append("a:1", "four");
      await log.flush();
      expect((await all(log, { after: 0, channel: "a:1" })).map((record) => record.body)).toEqual(["three", "four"]);
      expect(await log.verify()).toEqual({ records: 3, removed: 2, channels: 2 });
    });

    it("forgets a channel for good: its numbers stay taken, its name can be used again", async () => {
      const bytes = (text: string) => new TextEncoder().encode(text);
      const [own, shared] = [await log.putBlob("a:1", bytes("own")), await log.putBlob("a:1", bytes("shared"))];
      await log.putBlob("b:1", bytes("shared"));
      log.append("b:1", "other");
      log.append("a:1", "secret");
      log.saveSnapshot("a:1", { seq: 2, state: "secret" });
      await log.flush();
      expect(await log.blobsOf("a:1")).toEqual([own, shared].toSorted());
      log.forget("a:1");
      await log.scrub();
      expect(await log.channels()).toEqual(["b:1"]);
      expect(await log.loadSnapshot("a:1")).toBeUndefined();
      expect(await log.getBlob(own)).toBeUndefined();
      expect(await log.getBlob(shared)).toBeDefined();
      await log.close();
      log = subject.open();
      expect(log.lastSeq).toBe(2);
      expect(log.append("a:1", "another")).toBe(3);
      await log.flush();
      expect(await log.verify()).toEqual({ records: 2, removed: 1, channels: 2 });
      expect((await all(log, { after: 0, channel: "a:1" })).map((record) => record.body)).toEqual(["another"]);
    });

    it("refuses a second writer in a sentence, and lets it in once the first is gone", async () => {
      expect(() => subject.open()).toThrow(/Another host already uses/);
      await log.close();
      log = subject.open();
      expect(log.append("a:1", "x")).toBe(1);
    });

    it("DUR-13: writes nothing more once another has taken over, and fails", async () => {
      log.append("a:1", "mine");
      await log.flush();
      const failures: Error[] = [];
      log.onFailed((error) => failures.push(error));
      const other = subject.takeOver();
      other.append("a:1", "theirs");
      await other.flush();
      log.append("a:1", "late");
      await expect(log.flush()).rejects.toThrow(/another host has taken over/);
      expect(failures).toHaveLength(1);
      expect(() => log.append("a:1", "later")).toThrow();
      await expect(log.putBlob("a:1", new Uint8Array(8))).rejects.toThrow();
      await log.close();
      log = other;
      expect((await all(log)).map((record) => record.body)).toEqual(["mine", "theirs"]);
      expect(await log.verify()).toEqual({ records: 2, removed: 0, channels: 1 });
    });

    it("accepts nothing after it was closed", async () => {
      await log.close();
      expect(() => log.append("a:1", "x")).toThrow(/not open/);
    });
  });
}

export async function snapshotsOf(log: EventLog, prefix: string) {
  const found: (readonly [channel: string, snapshot: LogSnapshot | undefined])[] = [];
  for await (const each of log.snapshots(prefix)) found.push(each);
  return found;
}

async function all(log: EventLog, range: Parameters<EventLog["read"]>[0] = { after: 0 }): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read(range)) records.push(record);
  return records;
}
