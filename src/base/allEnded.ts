/** As `Promise.all`, but it ends when all of them have: after a failure nothing of the others is still under way. */
export async function allEnded<T extends readonly Promise<unknown>[]>(
  ...all: T
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  await Promise.allSettled(all);
  return await Promise.all(all);
}
