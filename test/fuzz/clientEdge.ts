import { Faults } from "./faults.ts";
export async function fuzzClientEdge(_frames: number, _seed: number): Promise<Faults> { return new Faults(); }
