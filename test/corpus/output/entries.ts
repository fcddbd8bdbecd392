/** Hostile outputs by what each of them tries. */
export type Entries<Output = string> = Readonly<Record<string, Output>>;

/** Stands for an address that somebody listens at. Nothing of the corpus may ever make a request to it. */
export const CANARY = "http://canary.example";

/** `MUSTER_OUTPUT=full`: everything everywhere and at its full size, not the part that every run has time for. */
export const isFull = process.env["MUSTER_OUTPUT"] === "full";
